import type { ProducerIdentity } from '../../src/models/order-event.ts'
import type { LaneEntry } from '../../src/service/kafka/lane/entry.ts'
import type {
  LaneSession,
  LookedPage,
  SendAnswer,
  SessionFacts,
  SessionListener,
} from '../../src/service/kafka/lane/session.ts'
import type { BatchNumbers, NextNumbers } from '../../src/service/kafka/lane/state.ts'
import { LaneWatch } from './lane-watch.ts'
import type { ModelBroker, ModelPartition } from './model-broker.ts'
import { ModelLine, type Call, type LineDeps, type Reply } from './model-line.ts'
import { ModelProduce } from './model-produce.ts'
import { endOf, type ModelReplica } from './model-replica.ts'

/** How long the broker waits for a record where there is none. */
const FETCH_WAIT_MS = 500

/** Small, so that a look has several pages. */
const PAGE_BATCHES_MAX = 2

/** For so long a client that was too busy gets no answer. */
const THROTTLE_MS = 3_000

/** `breaks`: answered, and then no connection. */
const READ_FAULTS = ['lost', 'breaks', 'throttled'] as const

export interface SessionDeps extends LineDeps {
  readonly broker: ModelBroker
  readonly partition: ModelPartition
  /** The newest leader that this instance has heard of: it does not go back to an older one. */
  readonly newest: { epoch: number }
  readonly listener: SessionListener
  /** Hears of every Produce request as it leaves. */
  readonly onRequest: (entries: readonly LaneEntry[], producerId: number) => void
}

/** A lane's way to a leader, which need not be the leader any more. */
export class ModelSession implements LaneSession {
  readonly #deps: SessionDeps
  readonly #line: ModelLine
  #replica: ModelReplica | undefined
  #facts: SessionFacts | undefined
  #watch: LaneWatch | undefined
  #isClosed = false
  /** Acks do not count. */
  #knownEnd = 0
  /** That this connection has answered. */
  #pageCount = 0

  constructor(deps: SessionDeps) {
    this.#deps = deps
    this.#line = new ModelLine(deps)
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

  open(): Promise<SessionFacts> {
    if (this.#replica !== undefined && this.#facts !== undefined) {
      return Promise.resolve(this.#facts)
    }
    const { timeline, actor, partition } = this.#deps
    return this.#line.ask<SessionFacts>('connects', (call, reply) => {
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
  }

  async send(
    entries: readonly LaneEntry[],
    numbers: BatchNumbers,
    isFirst: boolean,
  ): Promise<SendAnswer> {
    const { broker, onRequest, check } = this.#deps
    const replica = this.#replica
    if (replica === undefined) return failed('not connected')
    onRequest(entries, numbers.id)
    check(() => this.#watch?.noteSend(entries, numbers, isFirst))
    if (numbers.id !== this.#facts?.producer.id) broker.count('sent for others')
    const request = {
      numbers,
      events: entries.map(({ pending }) => pending),
      bytes: entries.reduce((sum, { bytes }) => sum + bytes, 0),
      sender: this,
    }
    const deps = {
      ...this.#deps,
      line: this.#line,
      breakLater: this.#breakLater,
      throttleLater: this.#throttleLater,
    }
    const what = `Produce ${numbers.id}/${numbers.firstSequence} [${inWords(entries)}]`
    const produce = new ModelProduce(deps, replica, request, isFirst)
    const answer = await this.#line
      .ask<SendAnswer>(what, (call, reply) => produce.leave(call, reply))
      .catch((error: unknown) => failed(String(error)))
    check(() => this.#watch?.noteAnswer(answer, { numbers, events: entries }, isFirst))
    return answer
  }

  async ask(producers: readonly ProducerIdentity[]): Promise<readonly NextNumbers[]> {
    const { broker, check } = this.#deps
    const what = `DescribeProducers ${producers.map(({ id }) => id).join()}`
    check(() => this.#watch?.noteAsk(producers))
    const numbers = await this.#read<readonly NextNumbers[]>(what, (replica, call, reply) => {
      if (!broker.isDescribingAllowed) return this.#line.lose(call)
      const next = producers.map((identity) => this.#nextNumbers(replica, identity))
      reply(next.map(({ id, firstSequence }) => `${id}/${firstSequence}`).join(), next)
    })
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
    const page = await (untilOffset === undefined
      ? this.#readToEnd(wanted, fromOffset)
      : this.#read<LookedPage>(`Fetch from ${fromOffset}`, (replica, call, reply) =>
          this.#fetch(call, replica, wanted, fromOffset, untilOffset, reply),
        ))
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

  #connect(replica: ModelReplica, call: Call, reply: Reply<SessionFacts>): void {
    const { broker, partition, newest } = this.#deps
    // Metadata of an older epoch are not taken.
    const leader = replica.epoch < newest.epoch ? partition.leader : replica
    newest.epoch = leader.epoch
    if (this.#isClosed) return
    if (!broker.isDescribingAllowed) return this.#line.lose(call)
    this.#replica = leader
    this.#pageCount = 0
    leader.connections.add(this.#breakLater)
    const { highWatermark } = leader
    this.#knownEnd = Math.max(this.#knownEnd, highWatermark)
    const producer = this.#facts?.producer ?? broker.nextProducer()
    this.#facts = { producer, highWatermark }
    this.#watch ??= new LaneWatch(producer.id)
    reply(`producer ${producer.id}, leader ${leader.epoch}`, this.#facts)
  }

  #nextNumbers(replica: ModelReplica, { id, epoch }: ProducerIdentity): NextNumbers {
    const { broker } = this.#deps
    const next = replica.nextSequence(id)
    return next === undefined
      ? { id, epoch, firstSequence: broker.nextUnseenSequence(), isKnown: false }
      : { id, epoch: replica.epochOf(id) ?? epoch, firstSequence: next, isKnown: true }
  }

  /** Two requests: where the log ends, and then a page. */
  #readToEnd(wanted: ReadonlySet<string>, fromOffset: number): Promise<LookedPage> {
    const { timeline, actor } = this.#deps
    return this.#read('ListOffsets', (replica, call, reply) => {
      const { end } = replica
      // As in a topic that was made anew.
      const first = fromOffset > end ? 0 : fromOffset
      if (first >= end) {
        const page = { offsets: new Map(), nextOffset: first, untilOffset: end }
        return reply(`nothing from ${first}`, page)
      }
      timeline.add({
        what: `Fetch from ${first} until ${end}`,
        place: 'broker',
        actor,
        run: () => this.#fetch(call, replica, wanted, first, end, reply),
        fail: () => this.#line.lose(call),
      })
    })
  }

  /** As far as it is replicated; where there is nothing yet, the broker waits a moment. */
  #fetch(
    call: Call,
    replica: ModelReplica,
    wanted: ReadonlySet<string>,
    fromOffset: number,
    untilOffset: number,
    reply: Reply<LookedPage>,
  ): void {
    const { timeline, actor, broker, partition } = this.#deps
    const answer = (): void => {
      const isBroken = this.#pageCount >= broker.pagesMax
      if (!replica.isLeading || isBroken) return this.#line.lose(call)
      this.#pageCount += 1
      if (replica !== partition.leader) broker.count('zombie looked')
      const { offsets, nextOffset } = readPage(replica, wanted, fromOffset)
      if (nextOffset === fromOffset) broker.count('unreplicated page')
      const how = `${offsets.size} found, read to ${nextOffset} of ${untilOffset}`
      reply(how, { offsets, nextOffset, untilOffset })
    }
    if (replica.read(fromOffset, 1).length > 0) return answer()
    const what = `${call.what}: nothing yet`
    timeline.hold({ what, place: 'broker', actor, run: answer }, FETCH_WAIT_MS)
  }

  #read<Value>(
    what: string,
    read: (replica: ModelReplica, call: Call, reply: Reply<Value>) => void,
  ): Promise<Value> {
    const replica = this.#replica
    if (replica === undefined) return Promise.reject(new Error('not connected'))
    const { timeline, actor } = this.#deps
    return this.#line.ask<Value>(what, (call, reply) => {
      const run = (): void => {
        if (replica.isLeading) read(replica, call, reply)
        else this.#line.lose(call)
      }
      const fail = (choice: number): void => {
        const fault = READ_FAULTS[choice % READ_FAULTS.length] ?? 'lost'
        timeline.tell(actor, `fault at ${what}: ${fault}`)
        if (fault === 'lost') return this.#line.lose(call)
        run()
        if (fault === 'breaks') this.#breakLater()
        else this.#throttleLater()
      }
      timeline.add({ what, place: 'broker', actor, run, fail })
    })
  }

  readonly #breakLater = (): void => {
    const { timeline, actor, listener } = this.#deps
    const run = (): void => {
      if (this.#replica === undefined) return
      this.#drop('the connection ended')
      listener.onLost()
    }
    timeline.add({ what: 'loses its connection', place: 'process', actor, run })
  }

  readonly #throttleLater = (): void => {
    const { timeline, actor, listener, broker } = this.#deps
    broker.count('throttled')
    const run = (): void => listener.onThrottle(THROTTLE_MS)
    timeline.add({ what: 'is throttled', place: 'process', actor, run })
  }

  #drop(reason: string): void {
    this.#replica?.connections.delete(this.#breakLater)
    this.#replica = undefined
    this.#line.cut(reason)
  }
}

/** Of an event that is there twice, the lower offset. */
function readPage(
  replica: ModelReplica,
  wanted: ReadonlySet<string>,
  fromOffset: number,
): Omit<LookedPage, 'untilOffset'> {
  const batches = replica.read(fromOffset, PAGE_BATCHES_MAX)
  const last = batches.at(-1)
  const offsets = new Map<string, number>()
  for (const { baseOffset, events } of batches) {
    for (const [index, { event }] of events.entries()) {
      if (!wanted.has(event.eventId) || offsets.has(event.eventId)) continue
      if (baseOffset + index >= fromOffset) offsets.set(event.eventId, baseOffset + index)
    }
  }
  return { offsets, nextOffset: last === undefined ? fromOffset : endOf(last) }
}

function failed(reason: string): SendAnswer {
  return { kind: 'failed', verdict: 'unknown', reason }
}

function inWords(entries: readonly LaneEntry[]): string {
  return entries
    .map(({ pending: { event } }) => `${event.order.orderId} v${event.version}`)
    .join(', ')
}
