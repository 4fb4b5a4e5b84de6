import type { Clock } from './ports.ts'

/** One timer for many deadlines: it rings at the earliest of those it was told. */
export class EarliestDeadline {
  readonly #clock: Clock
  readonly #onDeadline: () => number
  #armed: { readonly atMs: number; readonly cancel: () => void } | undefined

  /** `onDeadline` returns the next deadline, in monotonic milliseconds, or Infinity. */
  constructor(clock: Clock, onDeadline: () => number) {
    this.#clock = clock
    this.#onDeadline = onDeadline
  }

  watch(atMs: number): void {
    if (atMs === Infinity || atMs >= (this.#armed?.atMs ?? Infinity)) return
    this.cancel()
    const delayMs = Math.max(1, atMs - this.#clock.monotonicMs())
    const cancel = this.#clock.schedule(delayMs, () => {
      this.#armed = undefined
      this.watch(this.#onDeadline())
    })
    this.#armed = { atMs, cancel }
  }

  cancel(): void {
    this.#armed?.cancel()
    this.#armed = undefined
  }
}
