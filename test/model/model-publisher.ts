import { unavailable } from '../../src/business/errors.ts'
import type {
  Acked,
  Admission,
  Clock,
  EventPublisher,
  PublishOutcome,
  Refused,
} from '../../src/business/ports.ts'
import type { PendingEvent, ProducerIdentity } from '../../src/models/order-event.ts'
import type { ModelTopic, ProduceRequest } from './model-topic.ts'
import type { Actor, Step, Timeline } from './timeline.ts'

/** From here on the gate is closed, as a lane's is that stalls. */
const STALLED_AFTER_MS = 1_000

const TOPIC = 'orders'
const PARTITION = 0

interface Entry {
  readonly pending: PendingEvent
  readonly resolve: (outcome: PublishOutcome) => void
  /** The sender that it was taken over with; undefined: the lane's own. */
  producer: ProducerIdentity | undefined
  /** The next thing to do for it: look or send. */
  next: Step | undefined
  /**
   * Requests that ever left with it, here or before: with one it is not cancelled any more, and only
   * a single one's refusal proves anything.
   */
  requestCount: number
  underWaySinceMs: number | undefined
  doubt: PromiseWithResolvers<Acked | Refused> | undefined
  isOver: boolean
}

export interface ModelPublisherDeps {
  readonly actor: Actor
  readonly timeline: Timeline
  readonly topic: ModelTopic
  readonly clock: Clock
  readonly mayPublish: () => boolean
  /** Hears of every request as it leaves. */
  readonly onRequest: (pending: PendingEvent) => void
  /** Whether this instance is in charge of what it sent, by the database. */
  readonly isInCharge: () => boolean
}

/**
 * Keeps the promises of the publisher port as a lane does: it asks for the lease before each request
 * and each look, cancels what has not left by its deadline, puts in doubt what has, sends again what
 * got lost, takes an answer for a "no" only if a single request ever left, and sends what was taken
 * over as the producer that it was taken over with.
 *
 * It leaves out what is the lanes' own: batches, and how a broker tells a repeated request of one
 * producer by its sequence numbers. Here a request that is sent again is one that never arrives. See
 * test/fault/produce-faults.test.ts.
 */
export class ModelPublisher implements EventPublisher {
  readonly #deps: ModelPublisherDeps
  #entries = new Set<Entry>()
  /** Where the topic ended when this instance last heard of it. */
  #knownEnd: number
  #producer: ProducerIdentity

  constructor(deps: ModelPublisherDeps) {
    this.#deps = deps
    this.#knownEnd = deps.topic.records.length
    this.#producer = deps.topic.nextProducer()
  }

  admit(): Admission {
    const nowMs = this.#deps.clock.monotonicMs()
    for (const { underWaySinceMs } of this.#entries) {
      if (underWaySinceMs === undefined || nowMs - underWaySinceMs <= STALLED_AFTER_MS) continue
      throw unavailable('KAFKA_UNAVAILABLE', 'the lane is stalled', 'not-applied')
    }
    return {
      topic: TOPIC,
      partition: PARTITION,
      searchFromOffset: this.#knownEnd,
      producer: this.#producer,
    }
  }

  publish(pending: PendingEvent, deadlineMs: number): Promise<PublishOutcome> {
    const { promise, resolve } = Promise.withResolvers<PublishOutcome>()
    const entry = this.#take(pending, 0, resolve)
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
    const entries = this.#entries
    this.#entries = new Set()
    const { actor, timeline, topic } = this.#deps
    this.#producer = topic.nextProducer()
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

  #take(pending: PendingEvent, requestCount: number, resolve: Entry['resolve']): Entry {
    const entry: Entry = {
      pending,
      resolve,
      producer: requestCount > 0 ? takenOverProducer(pending) : undefined,
      next: undefined,
      requestCount,
      underWaySinceMs: undefined,
      doubt: undefined,
      isOver: false,
    }
    this.#entries.add(entry)
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
    const { event } = entry.pending
    this.#deps.onRequest(entry.pending)
    entry.next = undefined
    entry.requestCount += 1
    entry.underWaySinceMs ??= clock.monotonicMs()
    const request: ProduceRequest = {
      event,
      producer: entry.producer ?? this.#producer,
      admittedBy: entry.pending.producer,
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
        if (offset === undefined) this.#answer(entry, 'fenced', () => this.#acceptFence(entry))
        else this.#answer(entry, 'ack of', () => this.#ack(entry, offset))
      },
      fail: (choice) => {
        topic.underWay.delete(request)
        if (choice % 2 === 0) this.#lose(entry)
        else this.#answerNo(entry)
      },
    })
  }

  #lose(entry: Entry): void {
    const { timeline, actor } = this.#deps
    timeline.tell(actor, 'the network loses', entry.pending.event)
    if (actor.isAlive && !entry.isOver) this.#will(entry, 'send again', () => this.#send(entry))
  }

  #answerNo(entry: Entry): void {
    const { timeline, actor } = this.#deps
    timeline.tell(actor, 'the broker does not take', entry.pending.event)
    this.#answer(entry, 'refusal of', () => {
      if (entry.requestCount > 1) this.#will(entry, 'send again', () => this.#send(entry))
      else this.#refuse(entry)
    })
  }

  /** Another one sends by that producer's id, at a higher epoch. */
  #acceptFence(entry: Entry): void {
    if (entry.requestCount === 1) return this.#refuse(entry)
    if (entry.producer === undefined) this.#producer = this.#deps.topic.nextProducer()
    entry.producer = undefined
    this.#will(entry, 'look on the topic again for', () => this.#look(entry))
  }

  #refuse(entry: Entry): void {
    this.#producer = this.#deps.topic.nextProducer()
    this.#end(entry, { kind: 'refused', reason: 'the model does not take it' })
  }

  #look(entry: Entry): void {
    const { actor, timeline, topic } = this.#deps
    const { pending } = entry
    timeline.add({
      what: 'the topic is searched for',
      place: 'broker',
      actor,
      event: pending.event,
      run: () => {
        const offset = topic.find(pending)
        this.#answer(entry, offset === undefined ? 'not found' : 'found', () => {
          if (offset === undefined) this.#will(entry, 'send', () => this.#send(entry))
          else this.#ack(entry, offset)
        })
      },
      fail: () => this.#will(entry, 'look on the topic again for', () => this.#look(entry)),
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
    this.#entries.delete(entry)
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
    this.#entries.delete(entry)
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

/** At the epoch of whoever took it over; where it has none of its own, it goes by the lane's. */
function takenOverProducer({ producer }: PendingEvent): ProducerIdentity | undefined {
  return producer !== undefined && producer.epoch > 0 ? producer : undefined
}
