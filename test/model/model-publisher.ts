import assert from 'node:assert/strict'
import { unavailable } from '../../src/business/errors.ts'
import type { Clock } from '../../src/business/ports.ts'
import type {
  Acked,
  Admission,
  EventPublisher,
  PublishOutcome,
  Refused,
} from '../../src/business/publication/publisher-port.ts'
import type { PendingEvent } from '../../src/models/order-event.ts'
import { createEntry, openLane, type Entry, type Lane } from './model-lane.ts'
import type { ModelTopic, ProduceRequest } from './model-topic.ts'
import type { Actor, Timeline } from './timeline.ts'

/** From here on the gate is closed, as a lane's is that stalls. */
const STALLED_AFTER_MS = 1_000

/** `late`: lost to its sender. `contested`: other events have used its numbers up. */
const BROKER_FAULTS = ['lost', 'refused', 'late', 'contested'] as const

const TOPIC = 'orders'
const PARTITION = 0

export interface ModelPublisherDeps {
  readonly actor: Actor
  readonly timeline: Timeline
  readonly topic: ModelTopic
  readonly clock: Clock
  readonly mayPublish: () => boolean
  /** Hears of every request as it leaves. */
  readonly onRequest: (pending: PendingEvent) => void
  /** The broker refuses what another instance may have sent. */
  readonly onContested: () => void
  /** Whether this instance is in charge of what it sent, by the database. */
  readonly isInCharge: () => boolean
}

/**
 * Keeps the promises of the publisher port as a lane does: it asks for the lease before each request
 * and each look, cancels what has not left by its deadline, puts in doubt what has, sends again what
 * got lost or is late, takes an answer for a "no" only if a single request ever left, and sends
 * everything as the producer that it was stored with. What is contested it looks for again, and an
 * ack of that it reads back.
 *
 * It leaves out what is the lanes' own: batches and their sequence numbers. That by these the broker
 * takes one of two requests for an event is the topic's to know here, and shown by
 * test/fault/take-over-faults.test.ts.
 */
export class ModelPublisher implements EventPublisher {
  readonly #deps: ModelPublisherDeps
  #lane: Lane
  #isClosed = false
  /** Where the topic ended when this instance last heard of it. */
  #knownEnd: number

  constructor(deps: ModelPublisherDeps) {
    this.#deps = deps
    this.#knownEnd = deps.topic.records.length
    this.#lane = openLane(deps.topic)
  }

  admit(): Admission {
    const nowMs = this.#deps.clock.monotonicMs()
    for (const { underWaySinceMs } of this.#lane.entries) {
      if (underWaySinceMs === undefined || nowMs - underWaySinceMs <= STALLED_AFTER_MS) continue
      throw unavailable('KAFKA_UNAVAILABLE', 'the lane is stalled', 'not-applied')
    }
    return {
      topic: TOPIC,
      partition: PARTITION,
      searchFromOffset: this.#knownEnd,
      producer: this.#lane.producer,
    }
  }

  publish(pending: PendingEvent, deadlineMs: number): Promise<PublishOutcome> {
    if (this.#isClosed) return Promise.resolve({ kind: 'cancelled' })
    const { promise, resolve } = Promise.withResolvers<PublishOutcome>()
    const entry = this.#take(pending, 0, resolve)
    assert.equal(pending.producer, entry.lane.producer, 'the lane that admitted it sends it')
    this.#will(entry, 'send', () => this.#send(entry))
    const { clock } = this.#deps
    const cancel = clock.schedule(deadlineMs - clock.monotonicMs(), () => this.#passDeadline(entry))
    void promise.then(cancel)
    return promise
  }

  recover(pending: PendingEvent): Promise<Acked> {
    const { promise, resolve } = Promise.withResolvers<Acked>()
    const entry = this.#take(pending, 1, (outcome) => {
      if (outcome.kind === 'acked') resolve(outcome)
    })
    this.#will(entry, 'look on the topic for', () => this.#look(entry))
    return promise
  }

  /** What was handed over may still leave, if the lease allows it, until the lanes are closed. */
  abandon(): Promise<void> {
    const { entries } = this.#lane
    const { actor, timeline, topic } = this.#deps
    this.#lane = openLane(topic)
    const { promise, resolve } = Promise.withResolvers<void>()
    const forget = (): void => {
      for (const entry of entries) this.#forget(entry)
      resolve()
    }
    const close = { what: 'the lanes close', place: 'broker', actor } as const
    const closed = { what: 'the lanes are closed', place: 'process', actor, run: forget } as const
    timeline.add({ ...close, run: () => timeline.add(closed) })
    return promise
  }

  close(): Promise<void> {
    this.#isClosed = true
    return this.abandon()
  }

  #take(pending: PendingEvent, requestCount: number, resolve: Entry['resolve']): Entry {
    const entry = createEntry(pending, this.#lane, requestCount, resolve)
    entry.lane.entries.add(entry)
    return entry
  }

  /** Once the lease allows it. */
  #will(entry: Entry, what: string, run: () => void): void {
    const { actor, timeline, mayPublish } = this.#deps
    const { event } = entry.pending
    entry.next = { what, place: 'process', actor, event, isPossible: mayPublish, run }
    timeline.add(entry.next)
  }

  #send(entry: Entry): void {
    const { actor, timeline, clock, topic, isInCharge } = this.#deps
    const { pending, lane } = entry
    const { event, producer } = pending
    this.#deps.onRequest(pending)
    entry.next = undefined
    entry.requestCount += 1
    entry.underWaySinceMs ??= clock.monotonicMs()
    const request: ProduceRequest = {
      pending,
      producer,
      lane,
      isContested: entry.isContested,
      isSenderInCharge: () => actor.isAlive && !entry.isOver && isInCharge(),
    }
    topic.underWay.add(request)
    timeline.add({
      what: 'the topic gets',
      place: 'broker',
      actor,
      event,
      run: () => {
        const offset = topic.append(request)
        if (offset === undefined) this.#contest(entry)
        else this.#answerAck(entry, offset)
      },
      fail: (choice) => this.#spoil(entry, request, choice),
    })
  }

  #spoil(entry: Entry, request: ProduceRequest, choice: number): void {
    const { topic } = this.#deps
    const fault = BROKER_FAULTS[choice % BROKER_FAULTS.length] ?? 'lost'
    if (fault === 'late') return this.#delay(entry, request)
    topic.underWay.delete(request)
    const other = fault === 'contested' ? topic.mistake(request) : undefined
    if (other !== undefined) this.#answerAck(entry, other)
    else if (fault === 'refused') this.#answerNo(entry)
    else if (fault === 'contested') this.#contest(entry)
    else this.#lose(entry)
  }

  #lose(entry: Entry): void {
    const { timeline, actor } = this.#deps
    timeline.tell(actor, 'the network loses', entry.pending.event)
    if (actor.isAlive && !entry.isOver) this.#will(entry, 'send again', () => this.#send(entry))
  }

  /** Its sender has given it up, and it arrives. */
  #delay(entry: Entry, request: ProduceRequest): void {
    const { timeline, actor, topic } = this.#deps
    const { event } = entry.pending
    const run = (): void => {
      topic.lateCount += 1
      topic.append(request)
    }
    timeline.add({ what: 'the topic gets, late,', place: 'broker', actor, event, run })
    this.#lose(entry)
  }

  #contest(entry: Entry): void {
    this.#answer(entry, 'contested:', () => {
      this.#deps.onContested()
      this.#lookAgain(entry)
    })
  }

  #answerAck(entry: Entry, offset: number): void {
    this.#answer(entry, `ack at ${offset} of`, () => {
      if (entry.isContested) this.#lookAgain(entry)
      else this.#ack(entry, offset)
    })
  }

  #answerNo(entry: Entry): void {
    const { timeline, actor } = this.#deps
    timeline.tell(actor, 'the broker does not take', entry.pending.event)
    this.#answer(entry, 'refusal of', () => {
      if (entry.requestCount > 1) this.#will(entry, 'send again', () => this.#send(entry))
      else this.#end(entry, { kind: 'refused', reason: 'the model does not take it' })
    })
  }

  #lookAgain(entry: Entry): void {
    entry.isContested = true
    this.#will(entry, 'look on the topic again for', () => this.#look(entry))
  }

  #look(entry: Entry): void {
    const { actor, timeline, topic } = this.#deps
    const { pending, lane } = entry
    timeline.add({
      what: 'the topic is searched for',
      place: 'broker',
      actor,
      event: pending.event,
      run: () => {
        const offset = topic.find(pending, lane)
        this.#answer(entry, offset === undefined ? 'not found' : 'found', () => {
          if (offset === undefined) this.#will(entry, 'send', () => this.#send(entry))
          else this.#ack(entry, offset)
        })
      },
      fail: () => this.#lookAgain(entry),
    })
  }

  #answer(entry: Entry, what: string, run: () => void): void {
    const { actor, timeline } = this.#deps
    timeline.add({
      what,
      place: 'process',
      actor,
      event: entry.pending.event,
      run: () => {
        if (!entry.isOver) run()
      },
    })
  }

  #ack(entry: Entry, offset: number): void {
    this.#knownEnd = Math.max(this.#knownEnd, offset + 1)
    this.#end(entry, { kind: 'acked', position: { partition: PARTITION, offset } })
  }

  #end(entry: Entry, outcome: Acked | Refused): void {
    entry.isOver = true
    entry.lane.entries.delete(entry)
    if (entry.doubt === undefined) entry.resolve(outcome)
    else entry.doubt.resolve(outcome)
  }

  #passDeadline(entry: Entry): void {
    if (entry.isOver) return
    if (entry.requestCount > 0) this.#putInDoubt(entry)
    else this.#cancel(entry)
  }

  #putInDoubt(entry: Entry): void {
    if (entry.doubt !== undefined) return
    entry.doubt = Promise.withResolvers<Acked | Refused>()
    entry.resolve({ kind: 'in-doubt', resolution: entry.doubt.promise })
  }

  #cancel(entry: Entry): void {
    this.#forgetNext(entry)
    entry.isOver = true
    entry.lane.entries.delete(entry)
    entry.resolve({ kind: 'cancelled' })
  }

  #forget(entry: Entry): void {
    if (entry.isOver) return
    if (entry.requestCount === 0) return this.#cancel(entry)
    this.#forgetNext(entry)
    this.#putInDoubt(entry)
    entry.isOver = true
  }

  #forgetNext({ next }: Entry): void {
    if (next !== undefined) this.#deps.timeline.remove(next)
  }
}
