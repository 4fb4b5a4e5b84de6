import type { Clock } from './ports.ts'

const POLL_MS = 10

/** Knows which commands are still unanswered, so that stopping can wait for them. */
export class CommandDrain {
  #unanswered = 0
  #isDraining = false

  /** True once the service stops: what has not begun is turned away. */
  get isDraining(): boolean {
    return this.#isDraining
  }

  async track<Answer>(command: Promise<Answer>): Promise<Answer> {
    this.#unanswered += 1
    try {
      return await command
    } finally {
      this.#unanswered -= 1
    }
  }

  /** Begins to drain. Resolves when every command is answered, or after `timeoutMs`. */
  async drain(clock: Clock, timeoutMs: number): Promise<void> {
    this.#isDraining = true
    const endMs = clock.monotonicMs() + timeoutMs
    while (this.#unanswered > 0 && clock.monotonicMs() < endMs) await clock.sleep(POLL_MS)
  }
}
