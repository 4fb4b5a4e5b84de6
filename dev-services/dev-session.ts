import type { ProcessExit } from './supervised-process.ts'

/** Ctrl-C reaches this process twice where npm hands it on: only a later one is a second one. */
const sameKeyPressMs = 1_000

/** The reason to stop when the user asked for it. */
export class StopRequested extends Error {
  constructor() {
    super('stop was requested')
    this.name = 'StopRequested'
  }
}

interface Stoppable {
  readonly exited: Promise<ProcessExit>
  signal(name: NodeJS.Signals): void
  stop(): Promise<unknown>
}

/**
 * What `npm run dev` started, stopped in reverse order when the user asks for it, when one of them
 * ends by itself or when the start fails. `signal` aborts with the reason.
 */
export class DevSession {
  readonly #abort = new AbortController()
  readonly #started: Stoppable[] = []
  readonly #nowMs: () => number
  #requestedAtMs: number | undefined

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  get isEmpty(): boolean {
    return this.#started.length === 0
  }

  /** Adds what was just started; its end by itself ends the session with a sentence. */
  own(name: string, process: Stoppable): void {
    this.#started.push(process)
    void process.exited.then(({ code, signal }) => {
      const how = signal === null ? `with exit code ${code}` : `by ${signal}`
      this.fail(new Error(`${name} ended ${how}, so everything is stopped.`))
    })
  }

  /** The first request stops in order; a later one kills. */
  requestStop(): void {
    this.#abort.abort(new StopRequested())
    this.#requestedAtMs ??= this.#nowMs()
    if (this.#nowMs() - this.#requestedAtMs < sameKeyPressMs) return
    for (const process of this.#started) process.signal('SIGKILL')
  }

  /** Stops because of an error; without effect when there is a reason already. */
  fail(error: unknown): void {
    this.#abort.abort(error)
  }

  /** Resolves with the reason once there is one. */
  async ended(): Promise<unknown> {
    if (!this.signal.aborted) {
      await new Promise((resolve) => {
        this.signal.addEventListener('abort', resolve, { once: true })
      })
    }
    return this.signal.reason
  }

  /** Idempotent: what has ended is stopped already. */
  async stopAll(): Promise<void> {
    for (const process of this.#started.toReversed()) await process.stop()
  }
}
