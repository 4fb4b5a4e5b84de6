import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../../src/business/ports.ts'

/** Time that passes only when a test says so. */
export class ManualClock implements Clock {
  #nowMs = 0
  #tasks: Array<{ readonly atMs: number; readonly run: () => void }> = []

  now(): Date {
    return new Date(this.#nowMs)
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  schedule(delayMs: number, task: () => void): () => void {
    const entry = { atMs: this.#nowMs + delayMs, run: task }
    this.#tasks.push(entry)
    return () => {
      this.#tasks = this.#tasks.filter((other) => other !== entry)
    }
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve()
    return new Promise((resolve) => {
      const cancel = this.schedule(delayMs, resolve)
      signal?.addEventListener('abort', () => {
        cancel()
        resolve()
      })
    })
  }

  advance(byMs: number): void {
    this.#nowMs += byMs
    const due = this.#tasks.filter(({ atMs }) => atMs <= this.#nowMs)
    for (const task of due) {
      // One that is due at the same time may have taken it back.
      if (!this.#tasks.includes(task)) continue
      this.#tasks = this.#tasks.filter((other) => other !== task)
      task.run()
    }
  }

  /** Lets time pass in steps, with all that follows from each, until the condition holds. */
  async runUntil(condition: () => boolean, stepMs = 250, stepsMax = 10_000): Promise<void> {
    for (let step = 0; step < stepsMax; step += 1) {
      await setImmediate()
      if (condition()) return
      this.advance(stepMs)
    }
    throw new Error(`the condition did not come true in ${stepMs * stepsMax} ms of its time`)
  }
}
