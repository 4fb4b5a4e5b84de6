import type { Print } from '../command.ts'
import type { AuditNumbers } from './audit-metrics.ts'

/** After an audit that could not be made; sooner where the pause between audits is shorter. */
const RETRY_MS = 10 * 60_000

/** One audit's result, as a person reads it. */
export interface AuditResult {
  readonly differenceCount: number
  readonly lines: readonly string[]
}

export interface WatchDeps {
  readonly everyMs: number
  readonly audit: () => Promise<AuditResult>
  readonly now: () => Date
  readonly sleep: (delayMs: number, signal: AbortSignal) => Promise<void>
  readonly print: Print
  readonly signal: AbortSignal
}

/** Audits again and again until the signal. One that cannot be made is told, and tried again. */
export class AuditWatch {
  readonly #deps: WatchDeps
  #numbers: AuditNumbers = { differenceCount: 0, completedAt: 0, failureCount: 0 }

  constructor(deps: WatchDeps) {
    this.#deps = deps
  }

  get numbers(): AuditNumbers {
    return this.#numbers
  }

  async run(): Promise<void> {
    const { everyMs, sleep, signal } = this.#deps
    while (!signal.aborted) {
      const isDone = await this.#auditOnce()
      await sleep(isDone ? everyMs : Math.min(everyMs, RETRY_MS), signal)
    }
  }

  async #auditOnce(): Promise<boolean> {
    const { audit, now, print } = this.#deps
    try {
      const { differenceCount, lines } = await audit()
      const completedAt = now()
      this.#numbers = {
        ...this.#numbers,
        differenceCount,
        completedAt: completedAt.getTime() / 1_000,
      }
      for (const line of lines) print.out(`${completedAt.toISOString()}  ${line}`)
      return true
    } catch (error) {
      this.#numbers = { ...this.#numbers, failureCount: this.#numbers.failureCount + 1 }
      const reason = error instanceof Error ? error.message : String(error)
      print.progress(`${now().toISOString()}  The audit could not be made: ${reason}`)
      return false
    }
  }
}
