/**
 * Carries out what the rules decide, for one partition: performs one request at a time, feeds the
 * answer back, and holds the queue of what the rules have not been given yet.
 *
 * Here are the three rules that need a clock or a caller. L12: no batch is taken and no request is sent
 * while this instance may not publish. L13: an event is cancelled only in the queue, where it never left
 * or came back refused. L14: an event that was stored with another producer than this lane's is not sent
 * as new.
 */
import { EarliestDeadline } from '../../../business/earliest-deadline.ts'
import type { Clock } from '../../../business/ports.ts'
import type {
  Acked,
  Admission,
  PublishOutcome,
} from '../../../business/publication/publisher-port.ts'
import { describeKafkaRefusal } from '../../../business/refusals.ts'
import type { PendingEvent } from '../../../models/order-event.ts'
import { describeError } from '../broker-errors.ts'
import {
  ackAll,
  createEntry,
  earliestDeadline,
  putInDoubt,
  refuseAll,
  type LaneEntry,
} from './entry.ts'
import { ParkedRetry } from './parked-retry.ts'
import { isFurther, perform, type LaneRequest } from './perform.ts'
import { LaneQueue } from './queue.ts'
import { decide, eventsUnderWay, reopenLane } from './rules.ts'
import type { LaneSession, SessionListener } from './session.ts'
import type { LaneEffect, LaneInput, LaneState } from './state.ts'
import { LaneTrouble } from './trouble.ts'

const NOT_ALLOWED_POLL_MS = 50

export interface LaneDeps {
  readonly topic: string
  readonly partition: number
  readonly openSession: (partition: number, listener: SessionListener) => LaneSession
  readonly clock: Clock
  /** Monotonic: since then a lane before this one made no progress. */
  readonly busySinceMs?: number
  /** False while this instance may have been taken over from. */
  readonly mayPublish: () => boolean
  /** Somebody else sends with the numbers of this instance. */
  readonly onSuspicion: () => void
}

export class PartitionLane {
  readonly partition: number
  /** While it is true nothing is sent; an answer that is under way may still come. */
  isHeld = false
  readonly #deps: LaneDeps
  readonly #clock: Clock
  readonly #session: LaneSession
  readonly #trouble: LaneTrouble
  readonly #parkedRetry: ParkedRetry
  readonly #closing = new AbortController()
  readonly #deadlines: EarliestDeadline
  readonly #running: Promise<void>

  readonly #queue = new LaneQueue()
  /** Undefined before the first connection. */
  #state: LaneState | undefined
  #request: LaneRequest | undefined
  #wake = Promise.withResolvers<void>()

  constructor(deps: LaneDeps) {
    const { partition, clock, busySinceMs, openSession } = deps
    this.partition = partition
    this.#deps = deps
    this.#clock = clock
    this.#trouble = new LaneTrouble(clock, busySinceMs)
    this.#parkedRetry = new ParkedRetry(clock)
    this.#session = openSession(partition, {
      // An idle lane notices at once that its broker is gone, and looks for the next one.
      onLost: () => {
        this.#trouble.noteBusy()
        this.#wake.resolve()
      },
      onThrottle: (delayMs) => this.#trouble.noteThrottle(delayMs),
    })
    this.#deadlines = new EarliestDeadline(clock, () => this.#passDeadlines())
    this.#running = this.#run()
  }

  /** Where a new event of this lane would go; undefined before the first connection. */
  get admission(): Admission | undefined {
    if (this.#state === undefined) return undefined
    const { own, lastOffset } = this.#state
    return {
      topic: this.#deps.topic,
      partition: this.partition,
      searchFromOffset: lastOffset + 1,
      producer: { id: own.id, epoch: own.epoch },
    }
  }

  /** Events without a definite outcome. */
  get size(): number {
    return this.#queue.entries.length + this.#held().length
  }

  /** False before the first connection, and while the lane is stalled. */
  get isOpen(): boolean {
    return this.#state !== undefined && !this.#trouble.isStalled
  }

  /** Monotonic; undefined while it gets on. */
  get stuckSinceMs(): number | undefined {
    return this.#trouble.stuckSinceMs
  }

  /** Undefined while every change has a chance. */
  get trouble(): string | undefined {
    const notOpen = this.#state ? undefined : 'its leader has not answered yet'
    return this.#trouble.report ?? notOpen
  }

  /** The same in one word. */
  get stateName() {
    return this.#state === undefined ? 'connecting' : this.#trouble.stateName
  }

  /** Events that the topic does not take, each alone. */
  get parked(): readonly LaneEntry[] {
    return this.#state?.parked ?? []
  }

  /** Events that may have left, here or before, and have no definite outcome. */
  get held(): readonly PendingEvent[] {
    return this.#held().map(({ pending }) => pending)
  }

  publish(pending: PendingEvent, deadlineMs: number): Promise<PublishOutcome> {
    // L14: the lane that admitted it is gone. Its successor has other numbers.
    const isOwn = pending.producer.id === this.#state?.own.id
    if (this.#isClosing || !isOwn) return Promise.resolve({ kind: 'cancelled' })
    const { promise, resolve } = Promise.withResolvers<PublishOutcome>()
    this.#queue.add(createEntry(pending, deadlineMs, resolve))
    this.#deadlines.watch(deadlineMs)
    this.#wake.resolve()
    return promise
  }

  /** An event that may have left before: it becomes acked, or waits for the next start. */
  recover(pending: PendingEvent, onAcked: (acked: Acked) => void): void {
    const hear = (outcome: PublishOutcome): void => {
      if (outcome.kind === 'acked') onAcked(outcome)
      // This lane was closed. Another one of this instance may have taken the event up.
      else if (outcome.kind === 'in-doubt') void outcome.resolution.then(hear)
    }
    const entry = createEntry(pending, Infinity, hear)
    // Stored for a partition that the topic has no more: nothing is known of where it may be here.
    this.adopt(pending.partition === this.partition ? entry : { ...entry, searchFromOffset: 0 })
  }

  /** Takes up what another lane held. */
  adopt(entry: LaneEntry): void {
    this.#queue.addTakenOver(entry)
    this.#wake.resolve()
  }

  /** Stops sending: what is queued is cancelled. Resolves with what has left, which is in doubt. */
  async close(): Promise<readonly LaneEntry[]> {
    this.#closing.abort()
    this.#wake.resolve()
    this.#deadlines.cancel()
    this.#session.close()
    this.#queue.cancelDue(Infinity)
    await this.#running
    const held = this.#held()
    this.#state = undefined
    this.#queue.takeTakenOver()
    for (const entry of held) putInDoubt(entry)
    return held
  }

  get #isClosing(): boolean {
    return this.#closing.signal.aborted
  }

  #held(): readonly LaneEntry[] {
    const { takenOver } = this.#queue
    if (this.#state === undefined) return [...takenOver]
    return [...eventsUnderWay(this.#state), ...this.#state.parked, ...takenOver]
  }

  async #run(): Promise<void> {
    while (!this.#isClosing) {
      try {
        const { producer, highWatermark } = await this.#session.open()
        this.#state = reopenLane(this.#state, producer, highWatermark)
      } catch (error) {
        await this.#backOff(describeError(error))
        continue
      }
      await this.#step(this.#state)
    }
  }

  async #step(state: LaneState): Promise<void> {
    const { throttleMs } = this.#trouble
    if (throttleMs > 0) return this.#clock.sleep(throttleMs, this.#closing.signal)
    // L12. No batch is taken either, so that what waits here can still be cancelled.
    const mayPublish = this.#deps.mayPublish()
    if (!mayPublish) this.#trouble.noteNotAllowed()
    if (this.isHeld || !mayPublish) {
      return this.#clock.sleep(NOT_ALLOWED_POLL_MS, this.#closing.signal)
    }
    if (this.#request === undefined) {
      const input = this.#nextInput(state)
      return input === undefined ? this.#rest() : this.#hear(input)
    }
    this.#trouble.noteBusy()
    const request = this.#request
    const input = await perform(this.#session, request)
    if (isFurther(request, input)) this.#trouble.noteFurther()
    if (!this.#isClosing) await this.#hear(input)
  }

  /** The next work of an idle lane: recovered events first, because their orders wait longest. */
  #nextInput(state: LaneState): LaneInput | undefined {
    const takenOver = this.#queue.takeTakenOver()
    if (takenOver.length > 0) return { kind: 'taken-over', events: takenOver }
    if (this.#parkedRetry.dueInMs === 0) return this.#parkedRetry.begin()
    const events = this.#queue.takeBatch(state.narrow?.batchEventsMax ?? Infinity)
    return events.length === 0 ? undefined : { kind: 'taken', events }
  }

  async #rest(): Promise<void> {
    this.#trouble.noteProgress()
    const { dueInMs } = this.#parkedRetry
    const cancel =
      dueInMs === Infinity
        ? undefined
        : this.#clock.schedule(Math.max(1, dueInMs), () => this.#wake.resolve())
    await this.#wake.promise
    cancel?.()
    this.#wake = Promise.withResolvers<void>()
  }

  async #hear(input: LaneInput): Promise<void> {
    if (this.#state === undefined) return
    const { state, effects } = decide(this.#state, input)
    this.#state = state
    this.#request = undefined
    for (const effect of effects) {
      if (effect.kind === 'back-off') await this.#backOff(effect.reason)
      else this.#carryOut(effect)
    }
    if (state.station.kind !== 'idle') return
    this.#trouble.noteProgress()
    this.#parkedRetry.noteIdle(state.parked.length)
  }

  #carryOut(effect: Exclude<LaneEffect, { readonly kind: 'back-off' }>): void {
    switch (effect.kind) {
      case 'send':
      case 'ask':
      case 'look':
        this.#request = effect
        return
      case 'ack':
        this.#trouble.noteAck()
        return ackAll(effect.events, this.partition, effect.baseOffset)
      case 'refuse':
        return refuseAll(effect.events, describeKafkaRefusal(effect.reason))
      case 'report-refusal':
        return this.#trouble.noteRefusal(effect.reason)
      case 'requeue':
        this.#queue.putBack(effect.events)
        return
      case 'put-in-doubt':
        for (const entry of effect.events) putInDoubt(entry)
        return
      case 'suspect-takeover':
        return this.#deps.onSuspicion()
    }
  }

  async #backOff(reason: string): Promise<void> {
    if (this.#isClosing) return
    this.#session.abandonLeader()
    await this.#trouble.backOff(reason, this.#closing.signal)
  }

  /** Tells those whose time is over; returns the earliest deadline of the others. */
  #passDeadlines(): number {
    const nowMs = this.#clock.monotonicMs()
    this.#queue.cancelDue(nowMs)
    if (this.#state === undefined) return earliestDeadline(this.#queue.entries)
    const { state, effects } = decide(this.#state, { kind: 'deadline-passed', nowMs })
    this.#state = state
    for (const effect of effects) if (effect.kind === 'put-in-doubt') this.#carryOut(effect)
    return earliestDeadline([...eventsUnderWay(state), ...this.#queue.entries])
  }
}
