import { randomUUID } from 'node:crypto'
import { isWorthRepeating, type Change, type ChangeResult } from '../send-change.ts'

/** Orders that are under way at a time; from then on they are moved on instead of new ones made. */
const OPEN_ORDERS_MAX = 1_000

const CREATE_SHARE = 0.3
const CANCEL_SHARE = 0.07
const ITEMS_MAX = 5

const NEXT_STATUS: Readonly<Record<string, string>> = {
  pending: 'confirmed',
  confirmed: 'shipped',
  shipped: 'delivered',
}

/** One change of one order. */
export interface DemoStep {
  readonly orderId: string
  readonly change: Change
  /** The order's status once it is done. */
  readonly status: string
}

/**
 * Orders as a shop sees them: created, confirmed, shipped, delivered, some cancelled on the way, many
 * at a time, one change of an order at a time. What was not acknowledged is sent again, the same with
 * the same key; what was refused for good is given up.
 */
export class DemoOrders {
  readonly #idPrefix: string
  readonly #ordersMax: number
  readonly #random: () => number
  /** Waiting for their next step, longest first. */
  readonly #waiting: DemoStep[] = []
  #createdCount = 0
  #inFlightCount = 0

  /** `random` is from 0 to 1, as Math.random. */
  constructor(idPrefix: string, ordersMax: number, random: () => number) {
    this.#idPrefix = idPrefix
    this.#ordersMax = ordersMax
    this.#random = random
  }

  get isDone(): boolean {
    return !this.#mayCreate() && this.#waiting.length === 0 && this.#inFlightCount === 0
  }

  /** Undefined while every order has a change in flight and no new one may be made. */
  next(): DemoStep | undefined {
    const isNew = this.#waiting.length === 0 || this.#random() < CREATE_SHARE
    const step = isNew && this.#mayCreate() ? this.#newOrder() : this.#waiting.shift()
    if (step !== undefined) this.#inFlightCount += 1
    return step
  }

  /** Every step that `next` gave has to come back, with its result. */
  settle(step: DemoStep, result: ChangeResult): void {
    this.#inFlightCount -= 1
    if (result.kind === 'done') return this.#moveOn(step)
    if (isWorthRepeating(result)) this.#waiting.push(step)
  }

  #moveOn({ orderId, status }: DemoStep): void {
    const next = NEXT_STATUS[status]
    if (next === undefined) return
    const isCancelled = status !== 'shipped' && this.#random() < CANCEL_SHARE
    const newStatus = isCancelled ? 'cancelled' : next
    this.#waiting.push({
      orderId,
      change: this.#change('PUT', '/api/update-order', { orderId, status: newStatus }),
      status: newStatus,
    })
  }

  #newOrder(): DemoStep {
    this.#createdCount += 1
    const orderId = `${this.#idPrefix}-${String(this.#createdCount).padStart(4, '0')}`
    const numItems = 1 + Math.floor(this.#random() * ITEMS_MAX)
    return {
      orderId,
      change: this.#change('POST', '/api/create-order', { orderId, numItems }),
      status: 'pending',
    }
  }

  #change(method: Change['method'], path: Change['path'], body: object): Change {
    return { method, path, body, idempotencyKey: randomUUID() }
  }

  #mayCreate(): boolean {
    const openCount = this.#waiting.length + this.#inFlightCount
    return this.#createdCount < this.#ordersMax && openCount < OPEN_ORDERS_MAX
  }
}
