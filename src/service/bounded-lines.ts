/**
 * Lines of an output that comes in pieces. `onLine` is called with each of at most `lengthMax` characters,
 * and with undefined for a longer one, of which nothing is kept.
 */
export class BoundedLines {
  readonly #lengthMax: number
  readonly #onLine: (line: string | undefined) => void
  #begun = ''
  #isTooLong = false

  constructor(lengthMax: number, onLine: (line: string | undefined) => void) {
    this.#lengthMax = lengthMax
    this.#onLine = onLine
  }

  add(text: string): void {
    const [end = '', ...others] = text.split('\n')
    this.#continue(end)
    for (const begin of others) {
      this.#finish()
      this.#continue(begin)
    }
  }

  /** There is no more: a last line needs no end of its own. */
  end(): void {
    if (this.#begun !== '' || this.#isTooLong) this.#finish()
  }

  #continue(text: string): void {
    this.#isTooLong ||= this.#begun.length + text.length > this.#lengthMax
    this.#begun = this.#isTooLong ? '' : this.#begun + text
  }

  #finish(): void {
    this.#onLine(this.#isTooLong ? undefined : this.#begun)
    this.#begun = ''
    this.#isTooLong = false
  }
}
