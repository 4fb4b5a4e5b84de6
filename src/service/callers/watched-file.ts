import { open } from 'node:fs/promises'
import type { Clock } from '../../business/ports.ts'

/** How long a change of the file may go unseen. A file is small, and is read by name each time. */
const READ_EVERY_MS = 2_000

/**
 * A change is taken when it reads the same again after so long: a file that is written in place is empty
 * first, and then half of itself, which for a list of keys is another list.
 */
const SETTLE_MS = 200

/** A million bytes of keys are some seven thousand of them. */
const FILE_BYTES_MAX = 1_000_000

export interface WatchedFileDeps<T> {
  /** Their contents belong together. */
  readonly paths: readonly string[]
  /** Throws an error with a sentence where the texts, one of each file, are not what they should be. */
  readonly parse: (...texts: readonly string[]) => T
  readonly clock: Clock
  /** It cannot be read or parsed now: what it held before holds on. Told once for each reason. */
  readonly onTrouble: (reason: string) => void
  readonly onChange?: (content: T) => void
}

/**
 * The content of a file, or of some that belong together, that others replace while the service runs. Mounted secrets change by another
 * link to the folder, which a watch on the file does not see, so it is read again and again.
 */
export class WatchedFile<T> {
  readonly #deps: WatchedFileDeps<T>
  /** What the content was parsed from. */
  #texts: readonly string[]
  /** What was read last. */
  #latest: readonly string[]
  #content: T
  #trouble: string | undefined
  #cancel: (() => void) | undefined
  #isClosed = false

  private constructor(deps: WatchedFileDeps<T>, texts: readonly string[]) {
    this.#deps = deps
    this.#texts = texts
    this.#latest = texts
    this.#content = deps.parse(...texts)
    this.#readAgainIn(READ_EVERY_MS)
  }

  /** Rejects where the file cannot be read or parsed: a start does not go on with half of its settings. */
  static async open<T>(deps: WatchedFileDeps<T>): Promise<WatchedFile<T>> {
    return new WatchedFile(deps, await Promise.all(deps.paths.map(readSmallFile)))
  }

  get content(): T {
    return this.#content
  }

  close(): void {
    this.#isClosed = true
    this.#cancel?.()
  }

  #readAgainIn(delayMs: number): void {
    if (this.#isClosed) return
    this.#cancel = this.#deps.clock.schedule(delayMs, () => {
      void this.#readAgain().then((next) => this.#readAgainIn(next))
    })
  }

  /** Resolves with when to do it again. Never rejects. */
  async #readAgain(): Promise<number> {
    try {
      const texts = await Promise.all(this.#deps.paths.map(readSmallFile))
      const isSettled = areSame(texts, this.#latest)
      this.#latest = texts
      if (!isSettled) return SETTLE_MS
      if (!areSame(texts, this.#texts)) {
        this.#content = this.#deps.parse(...texts)
        this.#texts = texts
        this.#deps.onChange?.(this.#content)
      }
      this.#trouble = undefined
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      if (reason !== this.#trouble) this.#deps.onTrouble(reason)
      this.#trouble = reason
    }
    return READ_EVERY_MS
  }
}

function areSame(texts: readonly string[], others: readonly string[]): boolean {
  return texts.every((text, index) => text === others[index])
}

/** Rejects where it is larger than any that is meant. */
export async function readSmallFile(path: string): Promise<string> {
  await using file = await open(path)
  const { bytesRead, buffer } = await file.read(Buffer.alloc(FILE_BYTES_MAX + 1))
  if (bytesRead > FILE_BYTES_MAX)
    throw new RangeError(`${path} is larger than ${FILE_BYTES_MAX} bytes`)
  return buffer.toString('utf8', 0, bytesRead)
}
