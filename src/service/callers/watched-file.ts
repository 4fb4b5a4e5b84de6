import { open } from 'node:fs/promises'
import type { Clock } from '../../business/ports.ts'

/** How long a change of the file may go unseen. A file is small, and is read by name each time. */
const READ_EVERY_MS = 2_000

/** A million bytes of keys are some seven thousand of them. */
const FILE_BYTES_MAX = 1_000_000

export interface WatchedFileDeps<T> {
  readonly path: string
  /** Throws an error with a sentence where the text is not what it should be. */
  readonly parse: (text: string) => T
  readonly clock: Clock
  /** It cannot be read or parsed now: what it held before holds on. Told once for each reason. */
  readonly onTrouble: (reason: string) => void
  readonly onChange?: (content: T) => void
}

/**
 * The content of a file that others replace while the service runs. Mounted secrets change by another
 * link to the folder, which a watch on the file does not see, so it is read again and again.
 */
export class WatchedFile<T> {
  readonly #deps: WatchedFileDeps<T>
  #text: string
  #content: T
  #trouble: string | undefined
  #cancel: (() => void) | undefined
  #isClosed = false

  private constructor(deps: WatchedFileDeps<T>, text: string) {
    this.#deps = deps
    this.#text = text
    this.#content = deps.parse(text)
    this.#readAgainLater()
  }

  /** Rejects where the file cannot be read or parsed: a start does not go on with half of its settings. */
  static async open<T>(deps: WatchedFileDeps<T>): Promise<WatchedFile<T>> {
    return new WatchedFile(deps, await readSmallFile(deps.path))
  }

  get content(): T {
    return this.#content
  }

  close(): void {
    this.#isClosed = true
    this.#cancel?.()
  }

  #readAgainLater(): void {
    if (this.#isClosed) return
    this.#cancel = this.#deps.clock.schedule(READ_EVERY_MS, () => {
      void this.#readAgain().finally(() => this.#readAgainLater())
    })
  }

  async #readAgain(): Promise<void> {
    try {
      const text = await readSmallFile(this.#deps.path)
      if (text !== this.#text) {
        this.#content = this.#deps.parse(text)
        this.#text = text
        this.#deps.onChange?.(this.#content)
      }
      this.#trouble = undefined
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      if (reason !== this.#trouble) this.#deps.onTrouble(reason)
      this.#trouble = reason
    }
  }
}

/** Rejects where it is larger than any that is meant. */
export async function readSmallFile(path: string): Promise<string> {
  await using file = await open(path)
  const { bytesRead, buffer } = await file.read(Buffer.alloc(FILE_BYTES_MAX + 1))
  if (bytesRead > FILE_BYTES_MAX)
    throw new RangeError(`${path} is larger than ${FILE_BYTES_MAX} bytes`)
  return buffer.toString('utf8', 0, bytesRead)
}
