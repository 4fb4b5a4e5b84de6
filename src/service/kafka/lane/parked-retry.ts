import type { Clock } from '../../../business/ports.ts'
import type { LaneInput } from './state.ts'

/** An event that the topic was too small for is tried again soon, then less and less often. */
const DELAY_MS_MIN = 1_000
const DELAY_MS_MAX = 30_000

/** When what is parked is tried again: two of them and, once one got through, all the others. */
export class ParkedRetry {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  #dueAtMs = Infinity
  #delayMs = DELAY_MS_MIN
  #parkedCount = 0
  /** A try is under way. */
  #isTrying = false
  #gotThrough = false

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock
  }

  /** Infinity where nothing is parked. */
  get dueInMs(): number {
    return Math.max(0, this.#dueAtMs - this.#clock.monotonicMs())
  }

  begin(): LaneInput {
    this.#isTrying = true
    return { kind: 'parked-due', isAll: this.#gotThrough }
  }

  /** The lane is idle, and so many events are parked. */
  noteIdle(parkedCount: number): void {
    const isMore = parkedCount > this.#parkedCount
    const wasTried = this.#isTrying
    this.#gotThrough = wasTried && parkedCount < this.#parkedCount
    this.#parkedCount = parkedCount
    this.#isTrying = false
    if (parkedCount === 0 || this.#gotThrough) this.#delayMs = DELAY_MS_MIN
    else if (wasTried) this.#delayMs = Math.min(this.#delayMs * 2, DELAY_MS_MAX)
    const nowMs = this.#clock.monotonicMs()
    if (parkedCount === 0) this.#dueAtMs = Infinity
    else if (this.#gotThrough) this.#dueAtMs = nowMs
    else if (wasTried || isMore) this.#dueAtMs = nowMs + this.#delayMs
  }
}
