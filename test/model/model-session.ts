import assert from 'node:assert/strict'
import type { Clock } from '../../src/business/ports.ts'
import type { OrderEvent, ProducerIdentity } from '../../src/models/order-event.ts'
import type { LaneEntry } from '../../src/service/kafka/lane/entry.ts'
import type {
  LaneSession,
  LookedPage,
  SendAnswer,
  SessionFacts,
} from '../../src/service/kafka/lane/session.ts'
import type { BatchNumbers, NextNumbers } from '../../src/service/kafka/lane/state.ts'
import { LaneWatch } from './lane-watch.ts'
import type { ModelBroker, ModelPartition, ProduceRequest } from './model-broker.ts'
import { endOf, type ModelReplica } from './model-replica.ts'
import type { Actor, Step, Timeline } from './timeline.ts'

/** As in the real one: after it a request is given up, with its connection. */
const REQUEST_TIMEOUT_MS = 2_000

/** How long the broker waits for a record where there is none. */
const FETCH_WAIT_MS = 500

/** Small, so that a look has several pages. */
const PAGE_BATCHES_MAX = 2

/** `late`: its sender has given it up, and it arrives. `breaks`: answered, and then no connection. */
const SEND_FAULTS = [
  'lost',
  'answer lost',
  'late',
  'refused',
  'late',
  'event refused',
  'breaks',
] as const
const ASK_FAULTS = ['lost', 'breaks'] as const

export interface SessionDeps {
  readonly actor: Actor
  readonly timeline: Timeline
  readonly clock: Clock
  readonly broker: ModelBroker
  readonly partition: ModelPartition
  /** The newest leader that this instance has heard of: it does not go back to an older one. */
  readonly newest: { epoch: number }
  readonly onLost: () => void
  /** Hears of every Produce request as it leaves. */
  readonly onRequest: (entries: readonly LaneEntry[], producerId: number) => void
  /** Its assertion ends the schedule, whoever asked. */
  readonly check: (claim: () => void) => void
}

/** What is asked, and how it is told in the story. */
interface Call {
  readonly what: string
  readonly event?: OrderEvent | undefined
  isOver: boolean
  readonly fail: (reason: string) => void
}

type Reply<Value> = (how: string, value: Value) => void

export class ModelSession implements LaneSession {
  readonly #deps: SessionDeps
  #replica: ModelReplica | undefined
  #facts: SessionFacts | undefined
  #watch: LaneWatch | undefined
  #call: Call | undefined
  #isClosed = false

  constructor(deps: SessionDeps) {
    this.#deps = deps
  }

  noteSuspicion(): void {
    this.#watch?.noteSuspicion()
  }

  open(): Promise<SessionFacts> {
    if (this.#replica !== undefined && this.#facts !== undefined)
      return Promise.resolve(this.#facts)
    return this.#ask<SessionFacts>('connects', undefined, (call, reply) => {
      const { timeline, actor, partition } = this.#deps
      const { what } = call
      timeline.add({
        what,
        place: 'broker',
        actor,
        run: () => this.#connect(partition.leader, reply),
        fail: (choice) => {
          const { zombie } = partition
          if (zombie === undefined || choice % 2 === 0) return this.#lose(call)
          timeline.tell(actor, 'fault: it hears of the former leader')
          this.#connect(zombie, reply)
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
    const request: ProduceRequest = {
      numbers,
      events: entries.map(({ pending }) => pending),
      bytes: entries.reduce((sum, { bytes }) => sum + bytes, 0),
      sender: this,
    }
    const ids = request.events.map(
      ({ event: { order, version } }) => `${order.orderId} v${version}`,
    )
    const what = `Produce ${numbers.id}/${numbers.firstSequence} [${ids.join(', ')}]`
    broker.underWay.add(request)
    const answer = await this.#ask<SendAnswer>(what, undefined, (call, reply) =>
      this.#produce(call, replica, request, isFirst, reply),
    ).catch((error: unknown) => failed(String(error)))
    check(() => this.#watch?.noteAnswer(answer, { numbers, events: entries }, isFirst))
    return answer
  }

  async ask(producers: readonly ProducerIdentity[]): Promise<readonly NextNumbers[]> {
    const { check } = this.#deps
    const what = `DescribeProducers ${producers.map(({ id }) => id).join()}`
    check(() => this.#watch?.noteAsk(producers))
    const numbers = await this.#read<readonly NextNumbers[]>(what, (replica, reply) => {
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
      : this.#read<LookedPage>(`Fetch from ${fromOffset}`, (replica, reply, call) =>
          this.#fetch(call, replica, wanted, fromOffset, untilOffset, reply),
        ))
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

  #connect(replica: ModelReplica, reply: Reply<SessionFacts>): void {
    const { broker, newest } = this.#deps
    // The metadata of an older epoch are not taken.
    const leader = replica.epoch < newest.epoch ? this.#deps.partition.leader : replica
    newest.epoch = leader.epoch
    if (this.#isClosed) return
    this.#replica = leader
    leader.connections.add(this.#onEnd)
    const { highWatermark } = leader
    this.#facts ??= { producer: broker.nextProducer(), highWatermark }
    const { producer } = this.#facts
    this.#watch ??= new LaneWatch(producer.id)
    reply(`producer ${producer.id}, leader ${leader.epoch}`, this.#facts)
  }

  #produce(
    call: Call,
    replica: ModelReplica,
    request: ProduceRequest,
    isFirst: boolean,
    reply: Reply<SendAnswer>,
  ): void {
    const { timeline, actor, broker, partition } = this.#deps
    const arrive = (answer: (answer: SendAnswer) => void): void => {
      broker.underWay.delete(request)
      const { end } = replica
      partition.produce(replica, request, answer)
      if (call.isOver && replica.end > end) broker.count('late appended')
    }
    const answer = (it: SendAnswer): void => {
      if (it.kind === 'failed') this.#countRefusal(it, request, isFirst)
      reply(inWords(it), it)
    }
    const refuse = (verdict: 'event-refused' | 'partition-refused'): void => {
      broker.underWay.delete(request)
      answer({ kind: 'failed', verdict, reason: 'the model refuses it' })
    }
    timeline.add({
      what: call.what,
      place: 'broker',
      actor,
      run: () => arrive(answer),
      fail: (choice) => {
        const fault = SEND_FAULTS[choice % SEND_FAULTS.length] ?? 'lost'
        timeline.tell(actor, `fault at ${call.what}: ${fault}`)
        switch (fault) {
          case 'lost':
            broker.underWay.delete(request)
            return this.#lose(call)
          case 'answer lost':
            arrive(() => {})
            return this.#lose(call)
          case 'late':
            this.#lose(call)
            return timeline.add({
              what: `${call.what}, late,`,
              place: 'broker',
              actor,
              run: () => arrive(() => {}),
            })
          case 'refused':
            return refuse('partition-refused')
          case 'event refused':
            return refuse('event-refused')
          case 'breaks':
            arrive(answer)
            return this.#breakLater()
        }
      },
    })
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
    return this.#read(`ListOffsets`, (replica, reply, call) => {
      const { end } = replica
      // As in a topic that was made anew.
      const first = fromOffset > end ? 0 : fromOffset
      if (first >= end) {
        reply(`nothing from ${first}`, { offsets: new Map(), nextOffset: first, untilOffset: end })
        return
      }
      const { timeline, actor } = this.#deps
      timeline.add({
        what: `Fetch from ${first} until ${end}`,
        place: 'broker',
        actor,
        run: () => this.#fetch(call, replica, wanted, first, end, reply),
        fail: () => this.#lose(call),
      })
    })
  }

  /** As far as it is replicated; where there is nothing yet, it waits a moment. */
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
      if (!replica.isLeading) return this.#lose(call)
      if (replica !== partition.leader) broker.count('zombie looked')
      const batches = replica.read(fromOffset, PAGE_BATCHES_MAX)
      const last = batches.at(-1)
      if (last === undefined) broker.count('unreplicated page')
      const offsets = new Map<string, number>()
      for (const { baseOffset, events } of batches) {
        for (const [index, { event }] of events.entries()) {
          if (!wanted.has(event.eventId) || offsets.has(event.eventId)) continue
          if (baseOffset + index >= fromOffset) offsets.set(event.eventId, baseOffset + index)
        }
      }
      const nextOffset = last === undefined ? fromOffset : endOf(last)
      reply(`${offsets.size} found, read to ${nextOffset} of ${untilOffset}`, {
        offsets,
        nextOffset,
        untilOffset,
      })
    }
    if (replica.read(fromOffset, 1).length > 0) return answer()
    const what = `${call.what}: nothing yet`
    timeline.hold({ what, place: 'broker', actor, run: answer }, FETCH_WAIT_MS)
  }

  #read<Value>(
    what: string,
    read: (replica: ModelReplica, reply: Reply<Value>, call: Call) => void,
  ): Promise<Value> {
    const replica = this.#replica
    if (replica === undefined) return Promise.reject(new Error('not connected'))
    const { timeline, actor } = this.#deps
    return this.#ask<Value>(what, undefined, (call, reply) => {
      const run = (): void => {
        if (replica.isLeading) read(replica, reply, call)
        else this.#lose(call)
      }
      timeline.add({
        what,
        place: 'broker',
        actor,
        run,
        fail: (choice) => {
          const fault = ASK_FAULTS[choice % ASK_FAULTS.length] ?? 'lost'
          timeline.tell(actor, `fault at ${what}: ${fault}`)
          if (fault === 'lost') return this.#lose(call)
          run()
          this.#breakLater()
        },
      })
    })
  }

  /** L1: one call at a time. It ends with the answer, with its time, or with the connection. */
  #ask<Value>(
    what: string,
    event: OrderEvent | undefined,
    begin: (call: Call, reply: Reply<Value>) => void,
  ): Promise<Value> {
    const { timeline, actor, clock, check } = this.#deps
    const underWay = this.#call?.what
    check(() =>
      assert.equal(underWay, undefined, `L1: one call at a time, and not ${what} as well`),
    )
    const { promise, resolve, reject } = Promise.withResolvers<Value>()
    const end = (settle: () => void): void => {
      if (call.isOver) return
      call.isOver = true
      this.#call = undefined
      cancel()
      settle()
    }
    const call: Call = {
      what,
      event,
      isOver: false,
      fail: (reason) => end(() => reject(new Error(reason))),
    }
    const cancel = clock.schedule(REQUEST_TIMEOUT_MS, () => call.fail('timed out'))
    this.#call = call
    begin(call, (how, value) => {
      if (call.isOver) return
      const run = (): void => end(() => resolve(value))
      timeline.add({ what: `${what} answered: ${how}`, place: 'process', actor, event, run })
    })
    return promise
  }

  /** The sender hears of it, and nothing else. */
  #lose(call: Call): void {
    const { timeline, actor } = this.#deps
    if (call.isOver) return
    const run = (): void => call.fail('no answer')
    timeline.add({ what: `${call.what} failed`, place: 'process', actor, run })
  }

  #breakLater(): void {
    const { timeline, actor } = this.#deps
    const step: Step = { what: 'loses its connection', place: 'process', actor, run: this.#onBreak }
    timeline.add(step)
  }

  readonly #onEnd = (): void => this.#breakLater()

  readonly #onBreak = (): void => {
    if (this.#replica === undefined) return
    this.#drop('the connection ended')
    this.#deps.onLost()
  }

  #drop(reason: string): void {
    this.#replica?.connections.delete(this.#onEnd)
    this.#replica = undefined
    this.#call?.fail(reason)
  }

  #countRefusal(
    { verdict }: Extract<SendAnswer, { kind: 'failed' }>,
    { events }: ProduceRequest,
    isFirst: boolean,
  ): void {
    const { broker } = this.#deps
    if (verdict === 'partition-refused') broker.count('partition refused')
    if (verdict !== 'event-refused') return
    if (isFirst) broker.count(events.length > 1 ? 'halved' : 'event refused')
    else broker.count(events.length > 1 ? 'shrunk' : 'parked')
  }
}

function failed(reason: string): SendAnswer {
  return { kind: 'failed', verdict: 'unknown', reason }
}

function inWords(answer: SendAnswer): string {
  if (answer.kind === 'failed') return `${answer.verdict}, ${answer.reason}`
  return `ack at ${answer.baseOffset}${answer.isRepeat ? ', a repeat' : ''}`
}
