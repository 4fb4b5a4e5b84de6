/**
 * The sender of one partition. It owns one connection to the partition's leader, one producer id,
 * and at most one batch that has left and has no definite answer.
 *
 *   queued ──deadline──▶ cancelled            not a byte of it left
 *     │
 *     ▼ taken into the batch
 *   sent ──acked, offset above the last one──▶ acked
 *     │ ──answered "not appended", only request ever──▶ refused   (a batch of several goes back to
 *     │                                            the queue, to find the one that is to blame)
 *     │ ──deadline──▶ in doubt: the caller is told so, and the lane keeps at it
 *     │ ──no answer, or one that proves nothing──▶ sent again, unchanged: the same sequence numbers,
 *     │                                            by which the broker drops what it already has
 *     └─ ──numbers contested, an ack that is a repeat, or an offset that cannot be──▶ ask the broker
 *            which numbers come next, then look on the topic:
 *            found ──▶ acked        not found ──▶ sent with these numbers, and looked for once more
 *
 * Recovered events start at "ask the broker": they are sent as the producer that they were stored
 * with. Whoever sends an event uses the number that was free when its look began, and of two batches
 * with one number the broker takes the first. The ack may be that of the other one: hence the looks
 * after it. Where another sender shows, nothing is sent before the store has told who owns what.
 *
 * Doubt is sticky: what may have left once is never refused or cancelled any more.
 *
 * One request in flight, because concurrent ones may overtake each other. One partition a batch,
 * because a batch over several can succeed in part. See docs/decisions/0003-own-the-produce-request.md.
 */
import type { Acked, Admission, Clock, PublishOutcome } from '../../business/ports.ts'
import type { PendingEvent } from '../../models/order-event.ts'
import { classifyProduceFailure, describeError } from './broker-errors.ts'
import type { KafkaCluster } from './cluster.ts'
import { EarliestDeadline } from './earliest-deadline.ts'
import { searchEvents } from './event-search.ts'
import {
  createBatch,
  earliestDeadline,
  isSoleSender,
  putInDoubt,
  refuse,
  resolveDefinite,
  takeBatch,
  takeRecovered,
  type BatchNumbers,
  type LaneBatch,
  type LaneEntry,
} from './lane-batch.ts'
import { LaneSession, type ProduceAck } from './lane-session.ts'
import { LaneTrouble } from './lane-trouble.ts'
import type { TopicReader } from './topic-reader.ts'

const NOT_ALLOWED_POLL_MS = 50

export interface LaneDeps {
  readonly cluster: KafkaCluster
  readonly partition: number
  readonly clock: Clock
  readonly mayPublish: () => boolean
  readonly onContested: () => void
}

export class PartitionLane {
  readonly partition: number
  readonly #topic: string
  readonly #clock: Clock
  readonly #deps: Pick<LaneDeps, 'mayPublish' | 'onContested'>
  readonly #session: LaneSession
  readonly #trouble: LaneTrouble
  readonly #closing = new AbortController()
  readonly #deadlines: EarliestDeadline
  readonly #running: Promise<void>

  #queue: LaneEntry[] = []
  readonly #recovered: LaneEntry[] = []
  #batch: LaneBatch | undefined
  /** So many events go out one by one, after a refusal of the batch that they were in. */
  #singlesLeft = 0

  /** The last offset known to be taken; an ack at or below it is no ack. Undefined until the first look. */
  #lastOffset: number | undefined
  #wake = Promise.withResolvers<void>()

  constructor({ cluster, partition, clock, ...deps }: LaneDeps) {
    this.partition = partition
    this.#deps = deps
    this.#topic = cluster.topic
    this.#clock = clock
    // An idle lane notices at once that its broker is gone, and looks for the next one.
    this.#session = new LaneSession(cluster, partition, () => {
      this.#trouble.noteDisconnected()
      this.#wake.resolve()
    })
    this.#trouble = new LaneTrouble(clock)
    this.#deadlines = new EarliestDeadline(clock, () => this.#passDeadlines())
    this.#running = this.#run()
  }

  /** Where a new event of this lane would go; undefined before the first connection. */
  get admission(): Admission | undefined {
    const { producer } = this.#session
    if (this.#lastOffset === undefined || producer === undefined) return undefined
    return {
      topic: this.#topic,
      partition: this.partition,
      searchFromOffset: this.#lastOffset + 1,
      producer,
    }
  }

  /** Events without a definite outcome. */
  get size(): number {
    return this.#queue.length + this.#recovered.length + (this.#batch?.entries.length ?? 0)
  }

  /** False before the first connection, and while the lane is stalled. */
  get isOpen(): boolean {
    return this.#lastOffset !== undefined && !this.#trouble.isStalled(this.#batch?.sentAtMs)
  }

  get failure(): string {
    return this.#trouble.reason ?? 'its leader does not answer'
  }

  publish(pending: PendingEvent, deadlineMs: number): Promise<PublishOutcome> {
    if (this.#isClosing) return Promise.resolve({ kind: 'cancelled' })
    const { promise, resolve } = Promise.withResolvers<PublishOutcome>()
    this.#queue.push({ pending, deadlineMs, resolve, doubt: undefined })
    this.#deadlines.watch(deadlineMs)
    this.#wake.resolve()
    return promise
  }

  recover(pending: PendingEvent): Promise<Acked> {
    const { promise, resolve: resolveAcked } = Promise.withResolvers<Acked>()
    // It may have left before, so it can only become acked, or wait for the next start.
    const resolve = (outcome: PublishOutcome): void => {
      if (outcome.kind === 'acked') resolveAcked(outcome)
    }
    this.#recovered.push({ pending, deadlineMs: Infinity, resolve, doubt: undefined })
    this.#wake.resolve()
    return promise
  }

  /** Stops sending: what is queued is cancelled, what has left is in doubt. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort()
    this.#wake.resolve()
    this.#deadlines.cancel()
    this.#session.close()
    for (const entry of this.#queue.splice(0)) entry.resolve({ kind: 'cancelled' })
    for (const entry of this.#batch?.entries ?? []) putInDoubt(entry)
    await this.#running
  }

  get #isClosing(): boolean {
    return this.#closing.signal.aborted
  }

  async #run(): Promise<void> {
    while (!this.#isClosing) {
      try {
        const reader = await this.#session.open()
        // What is not replicated yet may be taken back, and its offset given to an event of ours.
        this.#lastOffset ??= (await reader.highWatermark()) - 1
        this.#trouble.noteConnected()
        await this.#step(reader)
      } catch (error) {
        await this.#noteFailure(describeError(error))
      }
    }
  }

  async #step(reader: TopicReader): Promise<void> {
    // Without the lease no batch is taken either, so that what waits here can still be cancelled.
    if (!this.#deps.mayPublish()) {
      return this.#clock.sleep(NOT_ALLOWED_POLL_MS, this.#closing.signal)
    }
    this.#batch ??= this.#takeBatch()
    if (this.#batch === undefined) {
      this.#trouble.noteSuccess()
      await this.#wake.promise
      this.#wake = Promise.withResolvers<void>()
    } else if (this.#batch.mustLookUp) {
      await this.#lookUp(reader, this.#batch)
    } else {
      await this.#send(this.#batch)
    }
  }

  #takeBatch(): LaneBatch | undefined {
    const recovered = takeRecovered(this.#recovered)
    if (recovered.length > 0) {
      return createBatch(this.#topic, recovered, 'may-have-left', this.#clock.now())
    }
    const entries = takeBatch(this.#queue, this.#singlesLeft > 0 ? 1 : Infinity)
    if (entries.length === 0) return undefined
    this.#singlesLeft = Math.max(0, this.#singlesLeft - entries.length)
    return createBatch(this.#topic, entries, 'new', this.#clock.now())
  }

  async #send(batch: LaneBatch): Promise<void> {
    batch.requestsSent += 1
    batch.sentAtMs ??= this.#clock.monotonicMs()
    batch.numbers ??= this.#session.nextNumbers()
    let ack: ProduceAck
    try {
      ack = await this.#session.produce(batch, batch.numbers)
    } catch (error) {
      if (!this.#isClosing) await this.#acceptFailure(batch, error)
      return
    }
    const { baseOffset, isRepeat } = ack
    if (baseOffset <= (this.#lastOffset ?? -1)) this.#distrustAck(batch, baseOffset)
    else if (batch.isContested || isRepeat) batch.mustLookUp = true
    else this.#acceptAck(batch, batch.numbers, baseOffset)
  }

  #acceptAck(batch: LaneBatch, numbers: BatchNumbers, baseOffset: number): void {
    this.#session.advance(numbers, batch.entries.length)
    this.#lastOffset = baseOffset + batch.entries.length - 1
    this.#batch = undefined
    this.#trouble.noteSuccess()
    batch.entries.forEach((entry, index) => this.#ack(entry, baseOffset + index))
  }

  /** Either the ack is wrong, or the topic was made anew: then the event is where the ack says. */
  #distrustAck(batch: LaneBatch, baseOffset: number): void {
    batch.searchFromOffset = Math.min(batch.searchFromOffset, Math.max(0, baseOffset))
    batch.mustLookUp = true
  }

  async #acceptFailure(batch: LaneBatch, error: unknown): Promise<void> {
    const { verdict, name } = classifyProduceFailure(error, batch.requestsSent)
    if (verdict === 'not-appended') return this.#refuse(batch, name)
    if (verdict === 'contested') this.#deps.onContested()
    if (verdict !== 'unknown') batch.mustLookUp = true
    await this.#noteFailure(name)
  }

  /** Proven not on the topic. */
  #refuse(batch: LaneBatch, name: string): void {
    this.#batch = undefined
    const again = refuse(batch, `Kafka refused the event: ${name}`)
    this.#queue.unshift(...again)
    this.#singlesLeft += again.length
  }

  /** It reads the leader's log: a follower does not tell the reader offsets. */
  async #lookUp(reader: TopicReader, batch: LaneBatch): Promise<void> {
    const { signal } = this.#closing
    const numbers = await this.#session.askNumbers(batch.entries[0]?.pending.producer)
    const eventIds = batch.entries.map(({ pending }) => pending.event.eventId)
    const found = await searchEvents(reader, eventIds, batch.searchFromOffset, signal)
    const { offsets, end, logEnd } = found
    const missing: LaneEntry[] = []
    for (const entry of batch.entries) {
      const offset = offsets.get(entry.pending.event.eventId)
      if (offset === undefined) missing.push(entry)
      else this.#ack(entry, offset)
    }
    // Lower than before where the topic was made anew.
    this.#lastOffset = Math.min(Math.max(this.#lastOffset ?? -1, end - 1), logEnd - 1)
    if (!isSoleSender(batch, numbers, missing.length)) this.#deps.onContested()
    this.#batch = undefined
    if (missing.length === 0) return
    const again = createBatch(this.#topic, missing, 'may-have-left', this.#clock.now())
    const { sentAtMs } = batch
    this.#batch = { ...again, sentAtMs, numbers, searchFromOffset: end, mustLookUp: false }
  }

  #ack(entry: LaneEntry, offset: number): void {
    resolveDefinite(entry, { kind: 'acked', position: { partition: this.partition, offset } })
  }

  async #noteFailure(reason: string): Promise<void> {
    if (this.#isClosing) return
    this.#trouble.reason = reason
    this.#trouble.noteDisconnected()
    this.#session.abandonLeader()
    await this.#trouble.backOff(this.#closing.signal)
  }

  /** Tells those whose time is over; returns the earliest deadline of the others. */
  #passDeadlines(): number {
    const nowMs = this.#clock.monotonicMs()
    const isDue = (entry: LaneEntry): boolean => entry.deadlineMs <= nowMs
    for (const entry of this.#queue.filter(isDue)) entry.resolve({ kind: 'cancelled' })
    this.#queue = this.#queue.filter((entry) => !isDue(entry))
    for (const entry of this.#batch?.entries.filter(isDue) ?? []) putInDoubt(entry)
    return earliestDeadline([...(this.#batch?.entries ?? []), ...this.#queue])
  }
}
