import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { ChangeDeps } from '../../src/business/order/change-deps.ts'
import { createOrder } from '../../src/business/order/create-order.ts'
import { Publications } from '../../src/business/publication/confirm-publication.ts'
import type { EventPublisher } from '../../src/business/publication/publisher-port.ts'
import { encodeKey, encodeOrder } from '../../src/service/schema-registry/order-codec.ts'
import { openSqliteStore } from '../../src/service/storage/sqlite/store.ts'
import { systemClock, systemIds, systemRandom } from '../../src/service/system.ts'
import { REFUSED_CREATIONS, TAKEN_CREATIONS } from '../support/creation-table.ts'
import { createFakeCommands, createFakeQueries, postOrder, startTestServer } from './harness.ts'

/** The use case over a store in memory, with a topic that takes everything. */
async function startWithStore(t: TestContext) {
  const store = await openSqliteStore({ path: ':memory:' })
  t.after(() => store.close())
  let offset = 0
  const publisher: EventPublisher = {
    admit: () => ({
      topic: 'orders',
      partition: 0,
      searchFromOffset: 0,
      producer: { id: 4_001, epoch: 0 },
    }),
    publish: () => {
      offset += 1
      return Promise.resolve({ kind: 'acked', position: { partition: 0, offset } })
    },
    recover: () => new Promise(() => {}),
  }
  const deps: ChangeDeps = {
    store,
    retryKeys: store,
    publisher,
    publications: new Publications({ store, publisher, clock: systemClock }),
    lease: { isHeld: true },
    encoder: {
      encode: ({ order }) => ({
        key: encodeKey(order.orderId),
        value: encodeOrder(order, 1),
        schemaId: 1,
      }),
    },
    clock: systemClock,
    random: systemRandom,
    ids: systemIds,
    publishTimeoutMs: 5_000,
    pendingEventsMax: 1_000,
    statusPolicy: 'any',
    isDraining: () => false,
  }
  const commands = {
    ...createFakeCommands(),
    createOrder: (command: Parameters<typeof createOrder>[1]) => createOrder(deps, command),
  }
  const queries = createFakeQueries({
    getOrder: async (orderId) => {
      const found = await store.findOrder(orderId)
      assert.ok(found)
      return found
    },
  })
  return startTestServer(t, { commands, queries })
}

for (const { what, body, errors } of REFUSED_CREATIONS) {
  test(`refuses ${what}, and names every wrong field once`, async (t) => {
    const commands = createFakeCommands()
    const { server } = await startTestServer(t, { commands })
    const response = await postOrder(server, body)
    assert.equal(response.statusCode, 400)
    const told = response.json().errors as { field: string; message: string }[]
    assert.deepEqual(Object.fromEntries(told.map(({ field, message }) => [field, message])), errors)
    assert.equal(told.length, Object.keys(errors).length)
    assert.deepEqual(commands.created, [])
  })
}

for (const { what, body, order } of TAKEN_CREATIONS) {
  test(`takes ${what}, and keeps it`, async (t) => {
    const { server } = await startWithStore(t)
    const created = await postOrder(server, { orderId: 'ORD-1', ...body })
    assert.equal(created.statusCode, 201, created.body)
    const { data } = created.json() as { data: Record<string, unknown> }
    for (const [field, value] of Object.entries(order)) assert.deepEqual(data[field], value, field)
    const read = await server.inject('/api/orders/ORD-1')
    assert.deepEqual(read.json().data, data)
  })
}

test('without a currency, takes one that the prices are amounts of', async (t) => {
  const { server } = await startWithStore(t)
  const currencies = new Set<unknown>()
  for (let count = 0; count < 60; count += 1) {
    const body = { orderId: `ORD-${count}`, items: [{ itemId: 'A', quantity: 1, price: 0.5 }] }
    currencies.add((await postOrder(server, body)).json().data.currency)
  }
  assert.ok(currencies.size > 1 && !currencies.has('JPY'))
})

test('tells of the items that an order may have and of one more, and of twenty in one text', async (t) => {
  const { server } = await startTestServer(t)
  const response = await postOrder(server, { orderId: 'ORD-1', items: Array(10_000).fill(0) })
  const { errors, detail } = response.json() as { errors: object[]; detail: string }
  assert.equal(errors.length, 102)
  assert.match(detail, /; items\[\d+\] must be [^;]+; and 82 more$/)
})
