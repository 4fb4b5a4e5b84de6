import { randomInt } from 'node:crypto'
import { describeProducersV0, initProducerIdV3, ResponseError } from '@platformatic/kafka'
import type { ProducerIdentity } from '../../../models/order-event.ts'
import { describeError, errorName, verdictOf } from '../broker-errors.ts'
import type { KafkaCluster } from '../cluster.ts'
import { readEventId } from '../event-headers.ts'
import { LeaderConnections } from '../leader-connections.ts'
import { produce, type BatchAnswer, type Produce } from '../produce-request.ts'
import { writeBatch } from '../record-writer.ts'
import { TopicReader } from '../topic-reader.ts'
import { SEQUENCE_COUNT, sequenceAfter } from './batch-size.ts'
import type { LaneEntry } from './entry.ts'
import { LaneConnection, type LaneConnectionDeps } from './lane-connection.ts'
import { dateEvents } from './records.ts'
import type {
  LaneSession,
  LookedPage,
  SendAnswer,
  SessionFacts,
  SessionListener,
} from './session.ts'
import { beginShared, hearAnswer, sendAlone, type Sharing } from './sharing.ts'
import type { BatchNumbers, NextNumbers, ProduceVerdict } from './state.ts'

/**
 * So many first requests in a row are no repeats: then the broker dates all records itself
 * (`LogAppendTime`), and an ack does not say whether it is a repeat.
 */
const STAMPED_TOPIC_ACKS = 3

/** A slow link carries this much within the time of a request. */
const LOOK_BYTES_MAX = 256 * 1024

/**
 * Where a producer continues that the broker does not know: it takes any number then. From here on, a
 * random one is so far from those of a batch that may be on its way that neither follows on the other.
 */
const UNSEEN_SEQUENCE_MIN = 2 ** 30

/** Sessions of the lanes of one topic, which share connections. */
export function createLaneSessions(
  cluster: KafkaCluster,
  clock: LaneConnectionDeps['clock'],
  send: Produce = produce,
): (partition: number, listener: SessionListener) => LaneSession {
  const connections = new LeaderConnections({ cluster, clock, produce: send })
  return (partition, listener) =>
    new KafkaLaneSession({ cluster, partition, clock, connections, produce: send, ...listener })
}

export class KafkaLaneSession implements LaneSession {
  readonly #deps: LaneConnectionDeps
  readonly #connection: LaneConnection
  /** L15 */
  #sharing: Sharing = beginShared()
  #facts: SessionFacts | undefined
  /** First requests whose acks had a time, one after the other. */
  #stampedInRow = 0

  constructor(deps: LaneConnectionDeps) {
    this.#deps = deps
    const onLost = (): void => {
      this.#stampedInRow = 0
      deps.onLost()
    }
    this.#connection = new LaneConnection({ ...deps, onLost })
  }

  async open(): Promise<SessionFacts> {
    const connection = this.#connection
    for (;;) {
      const isOpen = connection.isOpen && connection.isShared === this.#sharing.isShared
      if (!isOpen || this.#facts === undefined) await this.#begin()
      else if (connection.isFree) return this.#facts
      else await connection.untilFree()
    }
  }

  async send(
    entries: readonly LaneEntry[],
    numbers: BatchNumbers,
    isFirst: boolean,
  ): Promise<SendAnswer> {
    const { partition, clock } = this.#deps
    const sentMs = clock.monotonicMs()
    const records = writeBatch(dateEvents(entries, isFirst, clock.now().getTime()), numbers)
    const answer = await this.#connection
      .produce({ partition, records, bytes: records.length })
      .then((heard) => this.#readAnswer(heard, isFirst))
      .catch((error: unknown) => failed('unknown', describeError(error)))
    const isClean = isFirst && answer.kind === 'acked' && !answer.isRepeat
    this.#sharing = hearAnswer(this.#sharing, isClean, clock.monotonicMs() - sentMs)
    return answer
  }

  async ask(producers: readonly ProducerIdentity[]): Promise<readonly NextNumbers[]> {
    if (this.#connection.isShared) {
      // L15: a doubt is a lane's own affair.
      this.#sharing = sendAlone(this.#sharing)
      await this.open()
    }
    const active = await this.#describeProducers()
    return producers.map(({ id, epoch }) => {
      const known = active.find(({ producerId }) => producerId === BigInt(id))
      return known === undefined
        ? {
            id,
            epoch,
            firstSequence: randomInt(UNSEEN_SEQUENCE_MIN, SEQUENCE_COUNT),
            isKnown: false,
          }
        : {
            id,
            epoch: known.producerEpoch,
            firstSequence: sequenceAfter(known.lastSequence, 1),
            isKnown: true,
          }
    })
  }

  async look(
    entries: readonly LaneEntry[],
    fromOffset: number,
    knownUntilOffset: number | undefined,
  ): Promise<LookedPage> {
    const connection = this.#connection
    const reader = this.#reader()
    // As the leader has it: a record that is not replicated yet must not be missed.
    const untilOffset = knownUntilOffset ?? (await reader.endOffset())
    await connection.untilHeard()
    const offset =
      knownUntilOffset === undefined
        ? await reader.firstReadable(fromOffset, untilOffset)
        : fromOffset
    await connection.untilHeard()
    const offsets = new Map<string, number>()
    if (offset >= untilOffset) return { offsets, nextOffset: offset, untilOffset }
    const wanted = new Set(entries.map(({ pending }) => pending.event.eventId))
    const { records, nextOffset } = await reader.fetch(offset)
    for (const { offset: found, record } of records) {
      const eventId = readEventId(record.headers)
      if (eventId !== undefined && wanted.delete(eventId)) offsets.set(eventId, found)
    }
    return { offsets, nextOffset, untilOffset }
  }

  abandonLeader(): void {
    this.#stampedInRow = 0
    this.#connection.abandon()
  }

  close(): void {
    this.#connection.close()
  }

  async #begin(): Promise<void> {
    const connection = this.#connection
    await connection.connect(this.#sharing.isShared)
    let hasAsked = false
    try {
      await connection.inTurn(() => {
        hasAsked = connection.isOpen
        return this.#askFacts()
      })
    } catch (error) {
      // L15: a partition that is stuck may not even answer this.
      if (hasAsked && !isAnswered(error)) this.#sharing = sendAlone(this.#sharing)
      throw error
    }
  }

  async #askFacts(): Promise<void> {
    const connection = this.#connection
    await connection.untilHeard()
    // A doubt needs this answer: it is asked for now, and not first in an incident.
    await this.#describeProducers()
    await connection.untilHeard()
    const producer = this.#facts?.producer ?? (await this.#initProducer())
    await connection.untilHeard()
    this.#facts = { producer, highWatermark: await this.#reader().highWatermark() }
  }

  #readAnswer(answer: BatchAnswer | undefined, isFirst: boolean): SendAnswer {
    if (answer === undefined) return failed('unknown', 'the broker says nothing of its partition')
    const { errorCode, baseOffset, isStamped } = answer
    if (errorCode !== 0) return failed(verdictOf(errorCode), errorName(errorCode))
    if (isFirst) this.#stampedInRow = isStamped ? this.#stampedInRow + 1 : 0
    const isRepeat = isStamped && this.#stampedInRow < STAMPED_TOPIC_ACKS
    return { kind: 'acked', baseOffset, isRepeat }
  }

  #reader(): TopicReader {
    const { cluster, partition } = this.#deps
    const connection = this.#connection
    return new TopicReader(connection.current, cluster.topic, partition, {
      // A broker that leads no more, or does not know yet that it leads, says so.
      leaderEpoch: connection.leaderEpoch,
      fetchBytesMax: LOOK_BYTES_MAX,
      onAnswer: (answer) => connection.heed(answer),
    })
  }

  /** Those that the broker remembers; of any other it has no batch, or has forgotten it. */
  async #describeProducers() {
    const { cluster, partition } = this.#deps
    const topic = { name: cluster.topic, partitionIndexes: [partition] }
    const answer = await describeProducersV0.api
      .async(this.#connection.current, [topic])
      .catch((error: unknown) => {
        throw new Error(`DescribeProducers: ${describeError(error)}`, { cause: error })
      })
    this.#connection.heed(answer)
    const producers = answer.topics[0]?.partitions[0]?.activeProducers
    if (producers === undefined) throw new Error('the broker does not say who writes')
    return producers
  }

  async #initProducer(): Promise<ProducerIdentity> {
    const answer = await initProducerIdV3.api.async(this.#connection.current, null, 0, -1n, -1)
    this.#connection.heed(answer)
    const id = Number(answer.producerId)
    if (!Number.isSafeInteger(id)) throw new Error(`producer id ${answer.producerId} is too large`)
    return { id, epoch: answer.producerEpoch }
  }
}

function failed(verdict: ProduceVerdict, reason: string): SendAnswer {
  return { kind: 'failed', verdict, reason }
}

/** The broker said no, which is not silence. */
function isAnswered(error: unknown): boolean {
  return error instanceof Error && [error, error.cause].some((it) => it instanceof ResponseError)
}
