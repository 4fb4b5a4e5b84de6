/** What a connection is used for; the generator's record of it. */
export interface Waiting {
  isFree: boolean
  /** It has a place in the queue, also when it is no longer free. */
  isQueued: boolean
}

/**
 * Connections that can take a request, the one that has waited longest first: all of them are used,
 * as those of many clients are.
 */
export class FreeSlots<Slot extends Waiting> {
  readonly #ring: Slot[] = []
  readonly #size: number
  #first = 0
  #count = 0

  /** No more than `size` different ones are ever added. */
  constructor(size: number) {
    this.#size = size
  }

  add(slot: Slot): void {
    slot.isFree = true
    if (slot.isQueued) return
    slot.isQueued = true
    this.#ring[(this.#first + this.#count) % this.#size] = slot
    this.#count += 1
  }

  /** No longer free. */
  take(): Slot | undefined {
    while (this.#count > 0) {
      const slot = this.#ring[this.#first]
      this.#first = (this.#first + 1) % this.#size
      this.#count -= 1
      if (slot === undefined) continue
      slot.isQueued = false
      if (!slot.isFree) continue
      slot.isFree = false
      return slot
    }
    return undefined
  }
}
