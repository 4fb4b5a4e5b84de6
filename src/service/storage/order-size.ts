import { eventBytes, eventBytesMax } from '../../business/stream/event-size.ts'
import type { Order } from '../../models/order.ts'

/** Of the orders that are read in one batch: each is in memory several times on its way out of a database. */
const BATCH_BYTES_MAX = 64 * 1024 * 1024

/** The largest value of MAX_ITEMS_PER_ORDER. */
const SETTING_MAX = 1_000

/**
 * How large an order of the store may be, as far as this process knows: as it was ever allowed before this
 * instance joined, and as it has seen since, because another instance may allow more.
 */
export class OrderSize {
  #itemsMax = 0
  #bytesMax = eventBytesMax(0)

  get itemsMax(): number {
    return this.#itemsMax
  }

  /** What its event counts in memory (event-size.ts). */
  get bytesMax(): number {
    return this.#bytesMax
  }

  /** So many may be read in one batch. */
  get ordersPerBatch(): number {
    return Math.max(1, Math.floor(BATCH_BYTES_MAX / this.#bytesMax))
  }

  /**
   * So many items were allowed, or imported. An imported order with more than a setting allows counts by its own
   * names, when it is read: with the longest names it would keep nearly everybody out.
   */
  noteAllowed(items: number): void {
    const bytes = eventBytesMax(Math.min(items, SETTING_MAX))
    this.#itemsMax = Math.max(this.#itemsMax, items)
    this.#bytesMax = Math.max(this.#bytesMax, bytes)
  }

  noteOrders(found: readonly { readonly order: Order }[]): void {
    for (const { order } of found) {
      this.#itemsMax = Math.max(this.#itemsMax, order.items.length)
      this.#bytesMax = Math.max(this.#bytesMax, eventBytes({ order }))
    }
  }
}
