import { StoreError } from '../../../business/ports.ts'
import type { Session } from './session.ts'

export interface ServerChangeDeps {
  /** How people find the database. */
  readonly database: string
  /** Resolves when the other server may be used; rejects while it must not, and is asked again. */
  readonly onServerChange: (isFirst: boolean) => Promise<void>
}

/**
 * A standby that was promoted may lack the last commits of the server before it. Nothing is asked of it
 * before `onServerChange` has found that it does not; until then calls are refused.
 */
export class ServerChange {
  readonly #deps: ServerChangeDeps
  #timeline: string | undefined
  #isChanging = false
  /** The one that `onServerChange` was asked about last. */
  #asked: string | undefined
  #failure: unknown

  constructor(deps: ServerChangeDeps) {
    this.#deps = deps
  }

  /** For each new session. Throws a StoreError while its server may not be used. */
  admit({ timeline }: Session): void {
    this.#timeline ??= timeline
    if (timeline === this.#timeline) return
    if (!this.#isChanging) void this.#change(timeline)
    const why = this.#failure === undefined ? '' : `: ${describe(this.#failure)}`
    throw new StoreError(
      `The database ${this.#deps.database} was taken over by a standby, which is compared with the topic first${why}`,
      'no',
    )
  }

  async #change(timeline: string): Promise<void> {
    this.#isChanging = true
    const isFirst = this.#asked !== timeline
    this.#asked = timeline
    try {
      await this.#deps.onServerChange(isFirst)
      this.#timeline = timeline
      this.#failure = undefined
    } catch (error) {
      this.#failure = error
    } finally {
      this.#isChanging = false
    }
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
