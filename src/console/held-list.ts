import type { Order, Page } from './order-json.ts'

/**
 * Which orders are in the list, newest first, and which wait to get in. What is shown changes where it
 * stands; what is new waits until it is let in, so that rows move at no other time. Bounded.
 */

/** As many as the page holds, and as one page of the API has at most. */
export const ROWS_MAX = 200

export type Matches = (order: Order) => boolean

export class HeldList {
  #rows: Order[] = []
  #matches: Matches = () => true
  /** New here since they were last let in, by id. */
  readonly #waiting = new Map<string, Order>()
  /** More came than are kept. */
  #hasLost = false
  /** What changed since a page was asked for: what comes live is newer than its answer. */
  readonly #touched = new Map<string, Order>()
  #cursor: string | null = null
  /** The last rows were dropped, so the cursor leaves a gap. */
  #isCut = false
  /** The first rows were dropped for older ones: what is new does not belong here. */
  #isPast = false

  get rows(): readonly Order[] {
    return this.#rows
  }

  get waitingCount(): number {
    return this.#waiting.size
  }

  /** More than are counted: the list has to be read anew. */
  get hasLost(): boolean {
    return this.#hasLost
  }

  get hasOlder(): boolean {
    return this.#cursor !== null || this.#isCut
  }

  /** The last rows were dropped: to go on, all have to be read anew. */
  get isCut(): boolean {
    return this.#isCut
  }

  get isPast(): boolean {
    return this.#isPast
  }

  get cursor(): string | null {
    return this.#cursor
  }

  /** Call it before a first page is asked for. */
  beginReading(matches: Matches): void {
    this.#matches = matches
    this.#touched.clear()
  }

  /** A first page has come. */
  replace({ data, nextCursor }: Page<Order>): void {
    const known = new Set(data.map(({ orderId }) => orderId))
    this.#rows = data.map((order) => this.#touched.get(order.orderId) ?? order)
    this.#cursor = nextCursor
    this.#isCut = false
    this.#isPast = false
    this.#hasLost = false
    this.#waiting.clear()
    // What came after the page was made.
    for (const order of this.#touched.values()) if (!known.has(order.orderId)) this.#place(order)
    this.#leaveOut()
  }

  /** The next page of older orders has come. */
  append({ data, nextCursor }: Page<Order>): void {
    const known = new Set(this.#rows.map(({ orderId }) => orderId))
    this.#rows.push(...data.filter(({ orderId }) => !known.has(orderId)))
    this.#cursor = nextCursor
    if (this.#rows.length <= ROWS_MAX) return
    this.#rows = this.#rows.slice(-ROWS_MAX)
    this.#isPast = true
  }

  /** An order has changed. True when it is in the list. */
  apply(order: Order): boolean {
    keepNewest(this.#touched, order)
    const index = this.#rows.findIndex(({ orderId }) => orderId === order.orderId)
    if (index >= 0) {
      this.#rows[index] = order
      return true
    }
    this.#waiting.delete(order.orderId)
    if (!this.#matches(order) || this.#isBeyond(order)) return false
    if (keepNewest(this.#waiting, order)) this.#hasLost = true
    return false
  }

  /** Lets in what waits, and leaves out what the filters do not want any more. */
  release(rowsMax = ROWS_MAX): void {
    if (this.#isPast) return
    for (const order of this.#waiting.values()) this.#place(order)
    this.#waiting.clear()
    this.#hasLost = false
    this.#leaveOut()
    this.#cut(rowsMax)
  }

  #leaveOut(): void {
    this.#rows = this.#rows.filter((order) => this.#matches(order))
  }

  /** Older than all rows, and there are more between. */
  #isBeyond({ orderDate }: Order): boolean {
    const last = this.#rows.at(-1)
    return this.hasOlder && last !== undefined && orderDate < last.orderDate
  }

  /** Where it belongs by its date. */
  #place(order: Order): void {
    if (!this.#matches(order) || this.#isBeyond(order)) return
    const before = this.#rows.findIndex(({ orderDate }) => orderDate <= order.orderDate)
    this.#rows.splice(before < 0 ? this.#rows.length : before, 0, order)
    this.#cut(ROWS_MAX)
  }

  #cut(rowsMax: number): void {
    if (this.#rows.length <= rowsMax) return
    this.#rows.length = rowsMax
    this.#isCut = true
  }
}

/** As the last one of a bounded map. True when another one had to go for it. */
function keepNewest(orders: Map<string, Order>, order: Order): boolean {
  orders.delete(order.orderId)
  orders.set(order.orderId, order)
  if (orders.size <= ROWS_MAX) return false
  const [oldest] = orders.keys()
  if (oldest !== undefined) orders.delete(oldest)
  return true
}
