import type { Clock } from './ports.ts'

const POLL_MS = 10

/**
 * Who has a connection open hears with its next answer that it is to be closed. Without this time the
 * request that is just on its way would meet a closed connection, and have no answer at all.
 */
const NOTICE_MS = 300

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

  /** Begins to drain. Resolves a moment later when every command is answered, or after `timeoutMs`. */
  async drain(clock: Clock, timeoutMs: number): Promise<void> {
    this.#isDraining = true
    const beganMs = clock.monotonicMs()
    const passedMs = (): number => clock.monotonicMs() - beganMs
    while (passedMs() < timeoutMs && (this.#unanswered > 0 || passedMs() < NOTICE_MS)) {
      await clock.sleep(POLL_MS)
    }
  }
}
