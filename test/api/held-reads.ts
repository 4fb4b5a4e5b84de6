import type { OrderQueries } from '../../src/business/order/queries.ts'
import { createFakeQueries, orderOf } from './harness.ts'

export interface HeldReads {
  readonly queries: OrderQueries
  /** How many orders were asked for. */
  readonly asked: () => number
  readonly release: () => void
}

/** Reads of orders, none of which is answered before all are released. */
export function createHeldReads(): HeldReads {
  const released = Promise.withResolvers<void>()
  let asked = 0
  const queries = createFakeQueries({
    async getOrder(orderId) {
      asked += 1
      await released.promise
      return { order: orderOf(orderId, 1), version: 1 }
    },
  })
  return { queries, asked: () => asked, release: released.resolve }
}
