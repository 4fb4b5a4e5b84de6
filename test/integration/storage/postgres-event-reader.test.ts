import assert from 'node:assert/strict'
import { test } from 'node:test'

import { readStoredEvents } from '../../../src/service/storage/postgres/event-reader.ts'
import { listPendingEvents } from '../../../src/service/storage/postgres/inspect.ts'
import { readPublishedEvents } from '../../../src/service/storage/postgres/published-reader.ts'
import { changeOf, creationOf, newOrderId } from '../../contract/order-store-events.ts'
import { createTestSchema } from '../../support/postgres-schema.ts'
import { openStore } from './postgres-store.ts'

/** More than a page. */
const ORDERS = 1_200

test('an audit reads all events of a PostgreSQL database as they were when it began', async () => {
  await using schema = await createTestSchema()
  const store = await openStore(schema)
  const creations = Array.from({ length: ORDERS }, () => creationOf(newOrderId()))
  await Promise.all(creations.map((creation) => store.reserve(creation)))
  const [settled] = creations
  assert.ok(settled)
  await store.settle(settled, { partition: 2, offset: 7 })

  const read = new Map<string, unknown>()
  for await (const event of readStoredEvents({ url: schema.url(), database: 'of the test' })) {
    // Done while it reads, and not seen.
    if (read.size === 0) await store.reserve(changeOf(settled.event.order.orderId, 2, 'shipped'))
    read.set(event.eventId, event)
  }
  await store.close()

  assert.deepEqual(new Set(read.keys()), new Set(creations.map(({ event }) => event.eventId)))
  const { eventId, order, version } = settled.event
  assert.deepEqual(read.get(eventId), {
    eventId,
    orderId: order.orderId,
    version,
    value: settled.encoded.value,
    isErased: false,
    position: { partition: 2, offset: 7 },
  })
})

test('the largest orders are read in pages, because an answer has a bound', async () => {
  await using schema = await createTestSchema()
  const store = await openStore(schema)
  await using resources = new AsyncDisposableStack()
  resources.defer(() => store.close())
  const items = Array.from({ length: 1_000 }, () => ({
    itemId: '😀'.repeat(255),
    quantity: 1,
    priceMinor: 100,
  }))
  // About 3 MB each as PostgreSQL writes it: two digits for each byte of the value.
  const value = Buffer.alloc(1_037_000, 1)
  const creations = Array.from({ length: 90 }, () => {
    const { event, encoded, ...rest } = creationOf(newOrderId())
    const order = { ...event.order, items }
    return { ...rest, event: { ...event, order }, encoded: { ...encoded, value } }
  })
  for (const creation of creations) await store.reserve(creation)
  const address = { url: schema.url(), database: 'of the test' }
  assert.equal((await listPendingEvents(address, 1_000)).length, creations.length)
  for (const [offset, creation] of creations.entries()) {
    await store.settle(creation, { partition: 0, offset })
  }
  for (const readAll of [readStoredEvents, readPublishedEvents]) {
    let count = 0
    for await (const _event of readAll(address)) count += 1
    assert.equal(count, creations.length)
  }
})

test('an audit of a PostgreSQL database that is away says which one', async () => {
  const events = readStoredEvents({
    url: 'postgres://cart:hush@127.0.0.1:1/cart',
    database: 'cart at db',
  })
  await assert.rejects(events.next(), {
    name: 'StoreError',
    message: /^The database cart at db cannot be used: .*ECONNREFUSED/,
  })
})
