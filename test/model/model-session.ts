import type { ProducerIdentity } from '../../src/models/order-event.ts'
import type { LaneEntry } from '../../src/service/kafka/lane/entry.ts'
import type {
  LaneSession,
  LookedPage,
  SendAnswer,
  SessionFacts,
  SessionListener,
} from '../../src/service/kafka/lane/session.ts'
import {
  beginShared,
  hearAnswer,
  sendAlone,
  type Sharing,
} from '../../src/service/kafka/lane/sharing.ts'
import type { BatchNumbers, NextNumbers } from '../../src/service/kafka/lane/state.ts'
import { LaneWatch } from './lane-watch.ts'
import type { ModelBroker, ModelPartition } from './model-broker.ts'
import { ModelLine, type Call, type LineDeps, type Reply } from './model-line.ts'
import { ModelReads } from './model-reads.ts'
import { ModelProduce, type ModelBatch } from './model-produce.ts'
import type { ModelReplica } from './model-replica.ts'
import type { ModelShared, SharedUser } from './model-shared.ts'

/** For so long a client that was too busy gets no answer. */
export const THROTTLE_MS = 3_000

/** So few that a lane of a schedule comes back. */
const QUICK_NEEDED_MIN = 1

export interface SessionDeps extends LineDeps {
  readonly broker: ModelBroker
  readonly partition: ModelPartition
  /** The newest leader that this instance has heard of: it does not go back to an older one. */
  readonly newest: { epoch: number }
  readonly listener: SessionListener
  readonly shared: ModelShared
  /** Hears of every Produce request as it leaves. */
  readonly onRequest: (entries: readonly LaneEntry[], producerId: number) => void
}

/** A lane's way to a leader, which need not be the leader any more. */
export class ModelSession implements LaneSession, SharedUser {
  readonly #deps: SessionDeps
  readonly #line: ModelLine
  readonly #reads: ModelReads
  #sharing: Sharing = beginShared(QUICK_NEEDED_MIN)
  /** It is connected by the connection that all share. */
  #isShared = false
  /** Ends what is waited for on the shared connection. */
  #cut: (() => void) | undefined
  #replica: ModelReplica | undefined
  #facts: SessionFacts | undefined
  #watch: LaneWatch | undefined
  #isClosed = false
  /** Acks do not count. */
  #knownEnd = 0

  constructor(deps: SessionDeps) {
    this.#deps = deps
    this.#line = new ModelLine(deps)
    this.#reads = new ModelReads({ ...deps, line: this.#line, ...this.#faults })
  }

  get partition(): number {
    return this.#deps.partition.partition
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  get knownEnd(): number {
    return this.#knownEnd
  }

  noteSuspicion(): void {
    this.#watch?.noteSuspicion()
  }

  async open(): Promise<SessionFacts> {
    const { requests } = this.#deps.shared
    for (;;) {
      const isOpen = this.#replica !== undefined && this.#isShared === this.#sharing.isShared
      if (!isOpen || this.#facts === undefined) await this.#begin()
      else if (!this.#isShared || requests.isFree) return this.#facts
      else await this.#unlessDropped(requests.untilFree())
    }
  }

  async send(
    entries: readonly LaneEntry[],
    numbers: BatchNumbers,
    isFirst: boolean,
  ): Promise<SendAnswer> {
    const { broker, partition, onRequest, check, clock } = this.#deps
    const replica = this.#replica
    if (replica === undefined) return failed('not connected')
    onRequest(entries, numbers.id)
    check(() => this.#watch?.noteSend(entries, numbers, isFirst, this.#isShared))
    if (numbers.id !== this.#facts?.producer.id) broker.count('sent for others')
    const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0)
    const events = entries.map(({ pending }) => pending)
    const request = { numbers, events, bytes, sender: this }
    const what = `${numbers.id}/${numbers.firstSequence} [${inWords(entries)}]`
    const sentMs = clock.monotonicMs()
    const batch = { what, partition, replica, request, isFirst, bytes }
    const answer = await this.#produce(batch).catch((error: unknown) => failed(String(error)))
    check(() => this.#watch?.noteAnswer(answer, { numbers, events: entries }, isFirst))
    const isClean = isFirst && answer.kind === 'acked' && !answer.isRepeat
    const { isShared } = this.#sharing
    this.#sharing = hearAnswer(this.#sharing, isClean, clock.monotonicMs() - sentMs)
    if (!isShared && this.#sharing.isShared) broker.count('together again')
    return answer
  }

  async ask(producers: readonly ProducerIdentity[]): Promise<readonly NextNumbers[]> {
    if (this.#isShared) {
      this.#sharing = sendAlone(this.#sharing)
      await this.open()
    }
    const { check } = this.#deps
    check(() => this.#watch?.noteAsk(producers))
    const numbers = await this.#reads.numbers(this.#replica, producers)
    check(() => this.#watch?.noteNumbers(numbers))
    return numbers
  }

  async look(
    entries: readonly LaneEntry[],
    fromOffset: number,
    untilOffset: number | undefined,
  ): Promise<LookedPage> {
    const { check } = this.#deps
    check(() => this.#watch?.noteLook(entries, fromOffset))
    const wanted = new Set(entries.map(({ pending }) => pending.event.eventId))
    const page = await this.#reads.page(this.#replica, wanted, fromOffset, untilOffset)
    this.#knownEnd = Math.max(this.#knownEnd, page.nextOffset)
    check(() => this.#watch?.notePage(entries, page))
    return page
  }

  abandonLeader(): void {
    this.#drop('abandoned')
  }

  close(): void {
    this.#isClosed = true
    this.#drop('closed')
  }

  lose(): void {
    this.#drop('the connection ended')
    this.#deps.listener.onLost()
  }

  throttle(delayMs: number): void {
    this.#deps.listener.onThrottle(delayMs)
  }

  async #begin(): Promise<void> {
    const { timeline, actor, partition } = this.#deps
    this.#drop('another one is opened')
    try {
      await this.#line.ask<SessionFacts>('connects', (call, reply) => {
        timeline.add({
          what: call.what,
          place: 'broker',
          actor,
          run: () => this.#connect(partition.leader, call, reply),
          fail: (choice) => {
            const { zombie } = partition
            if (zombie === undefined || choice % 2 === 0) return this.#line.lose(call)
            timeline.tell(actor, 'fault: it hears of the former leader')
            this.#connect(zombie, call, reply)
          },
        })
      })
    } catch (error) {
      this.#sharing = sendAlone(this.#sharing)
      throw error
    }
  }

  async #produce(batch: ModelBatch): Promise<SendAnswer> {
    const { shared } = this.#deps
    if (this.#isShared) {
      return this.#unlessDropped(shared.requests.send(batch), () => shared.requests.withdraw(batch))
    }
    const deps = { ...this.#deps, line: this.#line, ...this.#faults }
    const [answer] = await new ModelProduce(deps, [batch]).send()
    return answer ?? failed('no answer')
  }

  /** As in the real one. */
  #unlessDropped<Value>(waiting: Promise<Value>, withdraw = (): void => {}): Promise<Value> {
    const { promise, resolve, reject } = Promise.withResolvers<Value>()
    this.#cut = () => {
      withdraw()
      reject(new Error('the lane has left its connection'))
    }
    waiting.then(resolve, reject)
    return promise
  }

  #connect(replica: ModelReplica, call: Call, reply: Reply<SessionFacts>): void {
    const { broker, partition, newest, shared } = this.#deps
    // Metadata of an older epoch are not taken.
    const leader = replica.epoch < newest.epoch ? partition.leader : replica
    newest.epoch = leader.epoch
    if (this.#isClosed) return
    if (!broker.isDescribingAllowed) return this.#line.lose(call)
    this.#replica = leader
    this.#reads.pageCount = 0
    this.#isShared = this.#sharing.isShared
    if (this.#isShared) shared.join(this)
    leader.connections.add(this.breakLater)
    const { highWatermark } = leader
    this.#knownEnd = Math.max(this.#knownEnd, highWatermark)
    const producer = this.#facts?.producer ?? broker.nextProducer()
    this.#facts = { producer, highWatermark }
    this.#watch ??= new LaneWatch(producer.id)
    reply(`producer ${producer.id}, leader ${leader.epoch}`, this.#facts)
  }

  readonly breakLater = (): void => {
    const { timeline, actor, shared } = this.#deps
    const run = (): void => {
      if (this.#replica === undefined) return
      if (this.#isShared) shared.end()
      else this.lose()
    }
    timeline.add({ what: 'loses its connection', place: 'process', actor, run })
  }

  readonly #throttleLater = (): void => {
    const { timeline, actor, broker } = this.#deps
    broker.count('throttled')
    const run = (): void => this.throttle(THROTTLE_MS)
    timeline.add({ what: 'is throttled', place: 'process', actor, run })
  }

  readonly #faults = { breakLater: this.breakLater, throttleLater: this.#throttleLater }

  #drop(reason: string): void {
    this.#replica?.connections.delete(this.breakLater)
    this.#replica = undefined
    this.#line.cut(reason)
    if (!this.#isShared) return
    this.#isShared = false
    this.#deps.shared.leave(this)
    this.#cut?.()
    this.#cut = undefined
  }
}

function failed(reason: string): SendAnswer {
  return { kind: 'failed', verdict: 'unknown', reason }
}

function inWords(entries: readonly LaneEntry[]): string {
  return entries
    .map(({ pending: { event } }) => `${event.order.orderId} v${event.version}`)
    .join(', ')
}
