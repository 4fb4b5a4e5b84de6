import type { Clock } from '../../src/business/ports.ts'
import type { OrderEvent } from '../../src/models/order-event.ts'

/** Where a step happens: it stands still while that place does. */
export type Place = 'process' | 'database' | 'broker'

/** Who takes a step, or asked for it. */
export interface Actor {
  readonly name: string
  /** Dead ones take no step any more, paused ones none for now; what they asked for goes on. */
  readonly isAlive: boolean
  readonly isPaused: boolean
}

/** One thing that can happen next. What happens in it happens at once. */
export interface Step {
  readonly what: string
  readonly place: Place
  readonly actor: Actor
  readonly event?: OrderEvent | undefined
  readonly run: () => void
  /** Instead of it: a fault of the place, chosen by a number. Absent: it can only be held up. */
  readonly fail?: (choice: number) => void
  /** Absent: it can always happen. */
  readonly isPossible?: () => boolean
}

interface Timer {
  readonly atMs: number
  readonly step: Step
}

/** Whoever pauses, restarts and cuts off the others. */
const FATE: Actor = { name: '--', isAlive: true, isPaused: false }

/** An instant that is not the start of anything, so that nothing can be mistaken for it. */
const START_MS = 1_000_000

/**
 * Everything that can happen next, and time, which passes only when it is told to. Whoever holds it
 * chooses the order: nothing here does.
 */
export class Timeline {
  readonly isAway: Record<Place, boolean> = { process: false, database: false, broker: false }
  /** What happened, in words; kept only where somebody wants to read it. */
  readonly story: string[] | undefined
  #nowMs = START_MS
  #steps: Step[] = []
  #timers: Timer[] = []
  #deferred: Array<{ readonly actor: Actor; readonly task: () => void }> = []

  constructor(isTold: boolean) {
    this.story = isTold ? [] : undefined
  }

  get nowMs(): number {
    return this.#nowMs
  }

  add(step: Step): void {
    if (step.place === 'process' && !step.actor.isAlive) return
    this.#steps.push(step)
  }

  /** What a process does once all that is ready in it has had its turn: {@link takeDeferred}. */
  defer(actor: Actor, task: () => void): void {
    this.#deferred.push({ actor, task })
  }

  /** Whether there was something. */
  takeDeferred(): boolean {
    const deferred = this.#deferred.splice(0)
    for (const { actor, task } of deferred) if (actor.isAlive) task()
    return deferred.length > 0
  }

  remove(step: Step): void {
    const index = this.#steps.indexOf(step)
    if (index >= 0) this.#steps.splice(index, 1)
  }

  /** It does not happen, whether it could happen now or is held up. */
  cancel(step: Step): void {
    this.remove(step)
    this.#timers = this.#timers.filter((timer) => timer.step !== step)
  }

  /** Nothing is under way but what waits for its time in a process. */
  get isIdle(): boolean {
    return this.#steps.length === 0 && this.#timers.every(({ step }) => step.place === 'process')
  }

  /** What can happen now, the oldest first. */
  possible(): Step[] {
    return this.#steps.filter(
      ({ place, actor, isPossible }) =>
        !this.isAway[place] &&
        (place !== 'process' || (actor.isAlive && !actor.isPaused)) &&
        (isPossible === undefined || isPossible()),
    )
  }

  take(step: Step): void {
    this.remove(step)
    this.tell(step.actor, step.what, step.event)
    step.run()
  }

  /** Lets the step fail in one of its ways, if it has any. */
  spoil(step: Step, choice: number): void {
    if (step.fail === undefined) return
    this.remove(step)
    step.fail(choice)
  }

  /** It is on its way for so long before it can happen, whatever becomes of who asked for it. */
  hold(step: Step, forMs: number): void {
    this.remove(step)
    this.tell(step.actor, `for ${forMs} ms held up: ${step.what}`, step.event)
    this.#timers.push({ atMs: this.#nowMs + forMs, step })
  }

  /** The steps that are held up on their way to the broker, the oldest first. */
  heldUp(): Step[] {
    return this.#timers.map(({ step }) => step).filter(({ place }) => place === 'broker')
  }

  /** The step happens now, also when it is held up. */
  hasten(step: Step): void {
    this.cancel(step)
    this.take(step)
  }

  /** What fate does after that time, unless everything is healed before. */
  later(delayMs: number, what: string, run: () => void): void {
    const step: Step = { what, place: 'process', actor: FATE, run }
    this.#timers.push({ atMs: this.#nowMs + delayMs, step })
  }

  /** Nothing is done there for that time, and nothing is lost. */
  cutOff(place: Place, forMs: number): void {
    this.isAway[place] = true
    this.tell(FATE, `the ${place} is away for ${forMs} ms`)
    this.later(forMs, `the ${place} is back`, () => {
      this.isAway[place] = false
    })
  }

  heal(): void {
    this.tell(FATE, 'everything heals')
    this.isAway.database = false
    this.isAway.broker = false
    this.#timers = this.#timers.filter(({ step }) => step.actor !== FATE)
  }

  /** Lets time pass; the timers that are due by then can go off, in any order. */
  advance(byMs: number): void {
    this.#nowMs += byMs
    this.tell(FATE, `${byMs} ms later`)
    const due = this.#timers.filter(({ atMs }) => atMs <= this.#nowMs)
    if (due.length === 0) return
    this.#timers = this.#timers.filter(({ atMs }) => atMs > this.#nowMs)
    due.sort((one, other) => one.atMs - other.atMs)
    for (const { step } of due) this.#steps.push(step)
  }

  /** Up to the next timer of anyone who lives. */
  advanceToNextTimer(): void {
    const nextMs = this.#timers.reduce((min, { atMs }) => Math.min(min, atMs), Infinity)
    if (nextMs < Infinity) this.advance(nextMs - this.#nowMs)
  }

  /** Its steps there are gone; what it asked of other places goes on. */
  bury(dead: Actor, where: Place): void {
    const isLeft = ({ place, actor }: Step): boolean => place !== where || actor !== dead
    this.#steps = this.#steps.filter(isLeft)
    this.#timers = this.#timers.filter(({ step }) => isLeft(step))
  }

  tell(actor: Actor, what: string, event?: OrderEvent): void {
    if (this.story === undefined) return
    const of =
      event === undefined ? '' : ` ${event.order.orderId} v${event.version} (${event.eventId})`
    this.story.push(`${this.#nowMs - START_MS} ms  ${actor.name}  ${what}${of}`)
  }

  tellOfFate(what: string): void {
    this.tell(FATE, what)
  }

  /** The time as one process sees it. */
  clockOf(actor: Actor): Clock {
    const schedule = (delayMs: number, task: () => void): (() => void) => {
      const step: Step = { what: 'timer', place: 'process', actor, run: task }
      const timer = { atMs: this.#nowMs + delayMs, step }
      if (delayMs > 0) this.#timers.push(timer)
      else this.add(step)
      return () => {
        const index = this.#timers.indexOf(timer)
        if (index >= 0) this.#timers.splice(index, 1)
        else this.remove(step)
      }
    }
    return {
      now: () => new Date(this.#nowMs),
      monotonicMs: () => this.#nowMs,
      schedule,
      sleep(delayMs, signal) {
        if (signal?.aborted === true) return Promise.resolve()
        return new Promise((resolve) => {
          const wake = (): void => {
            cancel()
            signal?.removeEventListener('abort', wake)
            resolve()
          }
          const cancel = schedule(delayMs, wake)
          signal?.addEventListener('abort', wake, { once: true })
        })
      },
    }
  }
}
