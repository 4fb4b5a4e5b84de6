/**
 * Carries out what the rules decide, for one partition: performs one request at a time, feeds the
 * answer back, and holds the queue of what the rules have not been given yet.
 *
 * Here are the three rules that need a clock or a caller. L12: no batch is taken and no request is sent
 * while this instance may not publish. L13: an event is cancelled only in the queue, so not a byte of it
 * ever left. L14: an event that was stored with another producer than this lane's is not sent as new.
 */
import type { Acked, Admission, Clock, PublishOutcome } from '../../../business/ports.ts'
import { describeKafkaRefusal } from '../../../business/refusals.ts'
import type { PendingEvent } from '../../../models/order-event.ts'
import { describeError } from '../broker-errors.ts'
import { countFitting } from './batch-size.ts'
import { EarliestDeadline } from './earliest-deadline.ts'
import { createEntry, putInDoubt, resolveDefinite, type LaneEntry } from './entry.ts'
import { decide, eventsUnderWay } from './rules.ts'
import type { LaneSession } from './session.ts'
import type { LaneEffect, LaneInput, LaneState } from './state.ts'
import { LaneTrouble, type LaneTroubleReport } from './trouble.ts'

const NOT_ALLOWED_POLL_MS = 50

/** How soon an event that the topic was too small for is tried again. */
const PARKED_RETRY_MS = 30_000

/** What the rules want of the broker. */
type Request = Extract<LaneEffect<LaneEntry>, { readonly kind: 'send' | 'ask' | 'look' }>

export interface LaneDeps {
  readonly topic: string
  readonly partition: number
  /** `onLost` is called when an open connection ends; `onThrottle` when the broker will be silent. */
  readonly openSession: (
    partition: number,
    on: { readonly onLost: () => void; readonly onThrottle: (delayMs: number) => void },
  ) => LaneSession
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
  readonly #deps: LaneDeps
  readonly #clock: Clock
  readonly #session: LaneSession
  readonly #trouble: LaneTrouble
  readonly #closing = new AbortController()
  readonly #deadlines: EarliestDeadline
  readonly #running: Promise<void>

  #queue: LaneEntry[] = []
  /** Events that another process may have sent, until the lane is idle. */
  #takenOver: LaneEntry[] = []
  /** Undefined before the first connection. */
  #state: LaneState<LaneEntry> | undefined
  #request: Request | undefined
  #isHeld = false
  #retryParkedAtMs = Infinity
  #wake = Promise.withResolvers<void>()

  constructor(deps: LaneDeps) {
    const { partition, clock, busySinceMs, openSession } = deps
    this.partition = partition
    this.#deps = deps
    this.#clock = clock
    this.#trouble = new LaneTrouble(clock, busySinceMs)
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
    return this.#queue.length + this.#held().length
  }

  /** False before the first connection, and while the lane is stalled. */
  get isOpen(): boolean {
    return this.#state !== undefined && !this.#trouble.isStalled
  }

  /** For so long it has made no progress. */
  get stalledMs(): number {
    return this.#trouble.stalledMs
  }

  /** Undefined while every change has a chance. */
  get trouble(): LaneTroubleReport | undefined {
    if (this.#state !== undefined) return this.#trouble.report
    return this.#trouble.report ?? { isBlocked: true, reason: 'its leader has not answered yet' }
  }

  /** Events that the topic does not take, each alone. */
  get parked(): readonly PendingEvent[] {
    return this.#state?.parked.map(({ pending }) => pending) ?? []
  }

  /** What may have left, here or before, and has no definite outcome. */
  get held(): readonly PendingEvent[] {
    return this.#held().map(({ pending }) => pending)
  }

  publish(pending: PendingEvent, deadlineMs: number): Promise<PublishOutcome> {
    // L14: the lane that admitted it is gone. Its successor has other numbers.
    const isOwn = pending.producer.id === this.#state?.own.id
    if (this.#isClosing || !isOwn) return Promise.resolve({ kind: 'cancelled' })
    const { promise, resolve } = Promise.withResolvers<PublishOutcome>()
    this.#queue.push(createEntry(pending, deadlineMs, resolve))
    this.#deadlines.watch(deadlineMs)
    this.#wake.resolve()
    return promise
  }

  /** An event that may have left before: it becomes acked, or waits for the next start. */
  recover(pending: PendingEvent, onAcked: (acked: Acked) => void): void {
    const entry = createEntry(pending, Infinity, (outcome) => {
      if (outcome.kind === 'acked') onAcked(outcome)
    })
    // Stored for a partition that the topic has no more: nothing is known of where it may be here.
    this.adopt(pending.partition === this.partition ? entry : { ...entry, searchFromOffset: 0 })
  }

  /** Takes up what another lane held. */
  adopt(entry: LaneEntry): void {
    this.#takenOver.push(entry)
    this.#wake.resolve()
  }

  /** Sends nothing until it is resumed; an answer that is under way may still come. */
  hold(): void {
    this.#isHeld = true
  }

  resume(): void {
    this.#isHeld = false
  }

  /** Stops sending: what is queued is cancelled. Resolves with what has left, which is in doubt. */
  async close(): Promise<readonly LaneEntry[]> {
    this.#closing.abort()
    this.#wake.resolve()
    this.#deadlines.cancel()
    this.#session.close()
    for (const entry of this.#queue.splice(0)) entry.resolve({ kind: 'cancelled' })
    await this.#running
    const held = this.#held()
    this.#state = undefined
    this.#takenOver = []
    for (const entry of held) putInDoubt(entry)
    return held
  }

  get #isClosing(): boolean {
    return this.#closing.signal.aborted
  }

  #held(): readonly LaneEntry[] {
    if (this.#state === undefined) return this.#takenOver
    return [...eventsUnderWay(this.#state), ...this.#state.parked, ...this.#takenOver]
  }

  async #run(): Promise<void> {
    while (!this.#isClosing) {
      try {
        const { producer, highWatermark } = await this.#session.open()
        this.#state ??= {
          station: { kind: 'idle' },
          own: { ...producer, firstSequence: 0 },
          lastOffset: highWatermark - 1,
          doubtedUntilMs: -Infinity,
          narrow: undefined,
          parked: [],
        }
      } catch (error) {
        await this.#backOff(describeError(error))
        continue
      }
      await this.#step(this.#state)
    }
  }

  async #step(state: LaneState<LaneEntry>): Promise<void> {
    const { throttleMs } = this.#trouble
    if (throttleMs > 0) return this.#clock.sleep(throttleMs, this.#closing.signal)
    // L12. No batch is taken either, so that what waits here can still be cancelled.
    const mayPublish = this.#deps.mayPublish()
    if (!mayPublish) this.#trouble.noteNotAllowed()
    if (this.#isHeld || !mayPublish) {
      return this.#clock.sleep(NOT_ALLOWED_POLL_MS, this.#closing.signal)
    }
    if (this.#request === undefined) {
      const input = this.#nextInput(state)
      if (input === undefined) return this.#rest(state)
      await this.#hear(input)
      return
    }
    const input = await this.#perform(this.#request)
    if (!this.#isClosing) await this.#hear(input)
  }

  /** What there is to do for an idle lane: recovered events first, because their orders wait longest. */
  #nextInput(state: LaneState<LaneEntry>): LaneInput<LaneEntry> | undefined {
    if (this.#takenOver.length > 0) {
      const events = this.#takenOver
      this.#takenOver = []
      return { kind: 'taken-over', events }
    }
    if (state.parked.length > 0 && this.#clock.monotonicMs() >= this.#retryParkedAtMs) {
      return { kind: 'parked-due' }
    }
    const count = countFitting(this.#queue, state.narrow?.batchEventsMax ?? Infinity)
    return count === 0 ? undefined : { kind: 'taken', events: this.#queue.splice(0, count) }
  }

  async #rest({ parked }: LaneState<LaneEntry>): Promise<void> {
    this.#trouble.noteProgress()
    if (parked.length === 0) await this.#wake.promise
    else await this.#restUntil(this.#retryParkedAtMs)
    this.#wake = Promise.withResolvers<void>()
  }

  async #restUntil(atMs: number): Promise<void> {
    const delayMs = Math.max(1, atMs - this.#clock.monotonicMs())
    const cancel = this.#clock.schedule(delayMs, () => this.#wake.resolve())
    await this.#wake.promise
    cancel()
  }

  /** Never rejects: a failure is an answer. */
  async #perform(request: Request): Promise<LaneInput<LaneEntry>> {
    this.#trouble.noteBusy()
    try {
      switch (request.kind) {
        case 'send':
          return await this.#session.send(request.events, request.numbers, request.isFirst)
        case 'ask':
          return { kind: 'numbers', next: await this.#session.ask(request.producers) }
        case 'look': {
          const { events, fromOffset, untilOffset } = request
          const page = await this.#session.look(events, fromOffset, untilOffset)
          return { kind: 'looked', ...page }
        }
      }
    } catch (error) {
      return { kind: 'failed', verdict: 'unknown', reason: describeError(error) }
    }
  }

  async #hear(input: LaneInput<LaneEntry>): Promise<void> {
    if (this.#state === undefined) return
    const parkedBefore = this.#state.parked.length
    const { state, effects } = decide(this.#state, input)
    this.#state = state
    this.#request = undefined
    for (const effect of effects) {
      if (effect.kind === 'back-off') await this.#backOff(effect.reason)
      else this.#carryOut(effect)
    }
    if (state.parked.length > parkedBefore) {
      this.#retryParkedAtMs = this.#clock.monotonicMs() + PARKED_RETRY_MS
    }
    if (state.station.kind === 'idle') this.#trouble.noteProgress()
  }

  #carryOut(effect: Exclude<LaneEffect<LaneEntry>, { readonly kind: 'back-off' }>): void {
    switch (effect.kind) {
      case 'send':
      case 'ask':
      case 'look':
        this.#request = effect
        return
      case 'ack': {
        const { partition } = this
        const { events, baseOffset } = effect
        this.#trouble.noteAck()
        events.forEach((entry, index) =>
          resolveDefinite(entry, {
            kind: 'acked',
            position: { partition, offset: baseOffset + index },
          }),
        )
        return
      }
      case 'refuse': {
        const reason = describeKafkaRefusal(effect.reason)
        for (const entry of effect.events) resolveDefinite(entry, { kind: 'refused', reason })
        return
      }
      case 'report-refusal':
        return this.#trouble.noteRefusal(effect.reason)
      case 'requeue':
        this.#queue.unshift(...effect.events)
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
    const isDue = (entry: LaneEntry): boolean => entry.deadlineMs <= nowMs
    // L13
    for (const entry of this.#queue.filter(isDue)) entry.resolve({ kind: 'cancelled' })
    this.#queue = this.#queue.filter((entry) => !isDue(entry))
    if (this.#state === undefined) return earliestDeadline(this.#queue)
    const { state, effects } = decide(this.#state, { kind: 'deadline-passed', nowMs })
    this.#state = state
    for (const effect of effects) if (effect.kind === 'put-in-doubt') this.#carryOut(effect)
    return earliestDeadline([...eventsUnderWay(state), ...this.#queue])
  }
}

/** Of those who still wait for an answer; Infinity where nobody does. */
function earliestDeadline(entries: readonly LaneEntry[]): number {
  return entries.reduce(
    (min, { deadlineMs, doubt }) => (doubt === undefined ? Math.min(min, deadlineMs) : min),
    Infinity,
  )
}
