/**
 * A question to the store that many may have at the same time. All who come while it is asked share the
 * next one, and not that one: it may have begun before what they ask about has happened.
 */
export class SharedQuestion<Answer> {
  readonly #askStore: () => Promise<Answer>
  /** The one at work, and the one behind it. */
  #atWork: Promise<unknown> = Promise.resolve()
  #next: Promise<Answer> | undefined

  constructor(askStore: () => Promise<Answer>) {
    this.#askStore = askStore
  }

  ask(): Promise<Answer> {
    if (this.#next !== undefined) return this.#next
    const next = this.#atWork.then(() => {
      this.#next = undefined
      return this.#askStore()
    })
    this.#next = next
    this.#atWork = next.catch(() => undefined)
    return next
  }
}
