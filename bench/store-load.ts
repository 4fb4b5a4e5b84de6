import assert from 'node:assert/strict'
import { randomInt, randomUUID } from 'node:crypto'

import type { OrderStore } from '../src/business/ports.ts'
import type { PendingEvent } from '../src/models/order-event.ts'
import type { Order, OrderId } from '../src/models/order.ts'

/** Callers that each reserve an order, settle it, and go on with the next. Returns how many. */
export async function loadStore(
  store: OrderStore,
  parallel: number,
  durationMs: number,
): Promise<number> {
  const endMs = performance.now() + durationMs
  let pairs = 0
  async function call(): Promise<void> {
    while (performance.now() < endMs) {
      const creation = buildCreation()
      assert.equal(await store.reserve(creation), 'reserved')
      assert.equal(await store.settle(creation, { partition: 0, offset: pairs }), 'settled')
      pairs++
    }
  }
  await Promise.all(Array.from({ length: parallel }, call))
  return pairs
}

const FILLERS = 512
const CUSTOMERS = 1_000_000

/** Stores so many orders, whose ids and customers are random. */
export async function fillStore(store: OrderStore, count: number): Promise<void> {
  let begun = 0
  async function call(): Promise<void> {
    while (begun < count) {
      begun++
      const creation = buildCreation({ customerId: `CUST-${randomInt(CUSTOMERS)}` })
      assert.equal(await store.reserve(creation), 'reserved')
      assert.equal(await store.settle(creation, { partition: 0, offset: begun }), 'settled')
    }
  }
  await Promise.all(Array.from({ length: FILLERS }, call))
}

interface CreationParts {
  readonly orderId?: string
  readonly customerId?: string
  readonly itemCount?: number
}

/** An order of one of as many customers as are generated. */
export function buildCreation({
  orderId,
  customerId,
  itemCount = 3,
}: CreationParts = {}): PendingEvent {
  const eventId = randomUUID()
  const now = new Date().toISOString()
  const item = { itemId: 'ITEM-KEYBOARD-123', quantity: 2, priceMinor: 1_999 }
  const order: Order = {
    orderId: (orderId ?? `order-${eventId}`) as OrderId,
    customerId: customerId ?? `CUST-${randomInt(1_000, 10_000)}`,
    orderDate: now,
    items: Array.from({ length: itemCount }, () => item),
    totalMinor: itemCount * 3_998,
    currency: 'USD',
    status: 'pending',
  }
  return {
    event: { eventId, type: 'order-created', version: 1, time: now, order },
    encoded: {
      key: Buffer.from(order.orderId),
      value: new Uint8Array(125 + itemCount * 25),
      schemaId: 1,
    },
    topic: 'order-events',
    partition: 0,
    searchFromOffset: 0,
    producer: { id: 4_001, epoch: 0 },
  }
}
