/** What the sockets of all readers together have not taken yet. */
export const UNSENT_BYTES_MAX = 64 * 1024 * 1024

export interface UnsentReader {
  /** There is no room for what it does not take. */
  cut(): void
}

/**
 * Bounds what is kept for readers that do not take it. The one that was waited for longest is cut, until
 * there is room: it goes on after its place when it comes back.
 */
export class UnsentBytes {
  /** In the order in which they stopped taking. */
  readonly #readers = new Map<UnsentReader, number>()
  #bytes = 0
  #isCutting = false

  /** The socket of this reader has taken less than it was given. */
  add(reader: UnsentReader, bytes: number): void {
    this.#readers.set(reader, bytes)
    this.#bytes += bytes
    if (this.#bytes <= UNSENT_BYTES_MAX || this.#isCutting) return
    this.#isCutting = true
    // Sockets take what they can at the end of this turn.
    setImmediate(() => this.#cutSlowest())
  }

  /** It has taken everything, or is gone. */
  remove(reader: UnsentReader): void {
    this.#bytes -= this.#readers.get(reader) ?? 0
    this.#readers.delete(reader)
  }

  #cutSlowest(): void {
    this.#isCutting = false
    for (const reader of this.#readers.keys()) {
      if (this.#bytes <= UNSENT_BYTES_MAX) return
      this.remove(reader)
      reader.cut()
    }
  }
}
