/** One request may take this much; what is more leaves in a second one right behind it. */
const REQUEST_BYTES_MAX = 8 * 1024 * 1024

interface Waiting<Batch, Answer> {
  readonly batch: Batch
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

export interface JointRequestsDeps<Batch, Answer> {
  /** Sends them in one request; resolves with the answers in their order, undefined where one is missing. */
  readonly perform: (batches: readonly Batch[]) => Promise<ReadonlyArray<Answer | undefined>>
  /** Runs it when all that is ready now has had its turn. */
  readonly defer: (task: () => void) => void
}

/**
 * The batches of several lanes in one request, and one such request at a time: a broker does not begin
 * the next one of a connection before. What comes meanwhile waits in the queues of the lanes, where it
 * can still be cancelled and joins a larger batch.
 */
export class JointRequests<Batch extends { readonly bytes: number }, Answer> {
  readonly #deps: JointRequestsDeps<Batch, Answer>
  #waiting: Array<Waiting<Batch, Answer>> = []
  #underWay: Promise<unknown> | undefined
  #isDue = false

  constructor(deps: JointRequestsDeps<Batch, Answer>) {
    this.#deps = deps
  }

  get isFree(): boolean {
    return this.#underWay === undefined
  }

  /** Resolves at the end of the request that is under way, if there is one. */
  async untilFree(): Promise<void> {
    await this.#underWay
  }

  /** Leaves with all others that are there by then. Rejects where nothing is known of its answer. */
  send(batch: Batch): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    this.#waiting.push({ batch, resolve, reject })
    if (this.isFree) this.#leaveSoon()
    return promise
  }

  /** It does not leave any more, if it has not left. Its promise stays open. */
  withdraw(batch: Batch): void {
    this.#waiting = this.#waiting.filter((waiting) => waiting.batch !== batch)
  }

  #leaveSoon(): void {
    if (this.#isDue) return
    this.#isDue = true
    this.#deps.defer(() => {
      this.#isDue = false
      this.#leave()
    })
  }

  #leave(): void {
    const waiting = this.#waiting.splice(0)
    if (waiting.length === 0) return
    // All at once: who waits behind another request would leave without having asked whether it may.
    const requests = inRequests(waiting).map((those) => this.#request(those))
    this.#underWay = Promise.all(requests).then(() => {
      this.#underWay = undefined
      if (this.#waiting.length > 0) this.#leaveSoon()
    })
  }

  async #request(waiting: ReadonlyArray<Waiting<Batch, Answer>>): Promise<void> {
    try {
      const answers = await this.#deps.perform(waiting.map(({ batch }) => batch))
      for (const [index, { resolve, reject }] of waiting.entries()) {
        const answer = answers[index]
        if (answer === undefined) reject(new Error('the broker did not answer for its partition'))
        else resolve(answer)
      }
    } catch (error) {
      for (const { reject } of waiting) reject(error)
    }
  }
}

function inRequests<Item extends { readonly batch: { readonly bytes: number } }>(
  items: readonly Item[],
): Item[][] {
  const requests: Item[][] = []
  let bytes = Infinity
  for (const item of items) {
    bytes += item.batch.bytes
    if (bytes > REQUEST_BYTES_MAX) {
      requests.push([])
      bytes = item.batch.bytes
    }
    requests.at(-1)?.push(item)
  }
  return requests
}
