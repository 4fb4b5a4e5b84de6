import { setImmediate } from 'node:timers/promises'

/** The death of a process at one call of a port: from then on none of its calls does or answers anything. */
export class CrashPoint {
  readonly died: Promise<void>
  readonly #die: () => void
  #callsLeft: number
  readonly #when: 'before' | 'after'
  #isDead = false

  /** Dies at the call after `calls` others, before or after it did its work. */
  constructor(calls: number, when: 'before' | 'after') {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.died = promise
    this.#die = resolve
    this.#callsLeft = calls
    this.#when = when
  }

  get isDead(): boolean {
    return this.#isDead
  }

  kill(): void {
    this.#isDead = true
    this.#die()
  }

  async guard<Value>(work: () => Promise<Value>): Promise<Value> {
    const isLast = this.#callsLeft === 0
    this.#callsLeft -= 1
    if (isLast && this.#when === 'before') {
      // Replies that were given before this call still leave the process.
      await setImmediate()
      this.kill()
    }
    if (this.#isDead) return never()
    const value = await work()
    if (isLast) this.kill()
    return this.#isDead ? never() : value
  }
}

function never(): Promise<never> {
  return new Promise(() => {})
}
