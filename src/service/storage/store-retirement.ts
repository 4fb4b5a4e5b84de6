import type { PublishedEvent } from '../../models/order-event.ts'

/** An order with nothing pending, at its last version. */
export interface ClosedOrder {
  readonly orderId: string
  readonly version: number
}

/** Where a page of closed orders ends. */
export interface ClosedPlace {
  readonly status: string
  readonly orderDate: number
  readonly orderId: string
}

export interface ClosedPage {
  readonly orders: readonly ClosedOrder[]
  /** Undefined where nothing follows. */
  readonly next: ClosedPlace | undefined
}

/** Before every closed order. */
export const FIRST_CLOSED: ClosedPlace = {
  status: '',
  orderDate: Number.MIN_SAFE_INTEGER,
  orderId: '',
}

/**
 * A retired order is one row without events, so its id stays taken. It is behind all others in every
 * list and joins no event, so nobody finds it. At this version nothing can follow: a change that was
 * judged by the order as it was before is told that the version has moved.
 */
export const RETIRED = {
  status: 'retired',
  version: 2 ** 31 - 1,
  customerId: '',
  orderDate: -(10 ** 15),
} as const

/** Beside the services that use the store. Rejects when it cannot be used. To be disposed of. */
export interface OrderRetirement extends AsyncDisposable {
  /** Looks at `limit` orders at most, and returns the closed ones whose last event was settled before that time. */
  findClosed(beforeMs: number, after: ClosedPlace, limit: number): Promise<ClosedPage>
  /** Settled events of an order after that version, by version: as many as go at once, none at the end. */
  readEvents(orderId: string, after: number): Promise<readonly PublishedEvent[]>
  /** Those that are still as they were; returns how many. One transaction. */
  retire(orders: readonly ClosedOrder[]): Promise<number>
}
