import { eventBytes, eventBytesMax } from '../../business/stream/event-size.ts'
import type { Order } from '../../models/order.ts'

/** Of the orders that changes read in one batch: each is in memory several times on its way out of a database. */
const BATCH_BYTES_MAX = 64 * 1024 * 1024

/**
 * The most that MAX_ITEMS_PER_ORDER allows. An imported order may have more, and short names then: Kafka bounds
 * an event by its bytes.
 */
const ALLOWED_ITEMS_MAX = 1_000

/**
 * How large an order of the store may be, as far as this process knows: by what was ever allowed, and by the
 * orders that it has read, because another instance may allow more.
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

  /** So many items were allowed. */
  noteAllowed(items: number): void {
    const bytes = eventBytesMax(Math.min(items, ALLOWED_ITEMS_MAX))
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
