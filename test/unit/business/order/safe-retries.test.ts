import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { CommandError } from '../../../../src/business/errors.ts'
import type { ChangeDeps } from '../../../../src/business/order/change-deps.ts'
import { changeOrderStatus } from '../../../../src/business/order/change-order-status.ts'
import type { BroughtOrder, ChangedOrder } from '../../../../src/business/order/commands.ts'
import { createOrder } from '../../../../src/business/order/create-order.ts'
import { StoreError, type OrderStore } from '../../../../src/business/ports.ts'
import type { Acked } from '../../../../src/business/publication/publisher-port.ts'
import type { PendingEvent } from '../../../../src/models/order-event.ts'
import { somePending } from '../../../support/some-event.ts'
import {
  ACKED,
  ORDER_ID,
  PUBLISH_TIMEOUT_MS,
  retryKeyOf,
  setUpUseCases,
} from '../../../support/use-cases.ts'

async function codeOf(command: Promise<unknown>): Promise<string> {
  const error: unknown = await command.then(
    () => assert.fail('it was carried out'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof CommandError, String(error))
  return error.code
}

test('a request that is sent again by its key is answered the same, whatever came between', async (t) => {
  const { create, change, published } = await setUpUseCases(t)
  const first = await create('k-1')
  const confirmed = await change('k-2', 'confirmed')
  await change(undefined, 'shipped')
  assert.deepEqual(await create('k-1'), { ...first, isReplayed: true })
  // Under the lifecycle policy it could not be carried out once more.
  assert.deepEqual(await change('k-2', 'confirmed'), { ...confirmed, isReplayed: true })
  assert.equal(published.length, 3)
})

test('a retry by its key is not told "no" while the store cannot say what the first try did', async (t) => {
  const { create, store } = await setUpUseCases(t)
  await create('k-1')
  Object.assign(store, { findKeyedChange: () => Promise.reject(new StoreError('away', 'no')) })
  await assert.rejects(create('k-1'), { code: 'STORE_UNAVAILABLE', outcome: 'unknown' })
})

test('a creation in doubt is shared with whoever asked for it, and with nobody else', async (t) => {
  const { deps, clock, published, answerWith } = await setUpUseCases(t)
  const acknowledged = Promise.withResolvers<Acked>()
  answerWith(() => acknowledged.promise)
  const create = (principal: string): Promise<ChangedOrder> =>
    createOrder(deps, { orderId: ORDER_ID, numItems: 2, principal })
  const first = assert.rejects(create('api_key:shop'), { outcome: 'unknown' })
  await clock.runUntil(() => published.length === 1, 0)
  clock.advance(2 * PUBLISH_TIMEOUT_MS)
  await first
  const outcomes = Promise.allSettled([create('api_key:shop'), create('api_key:other')])
  await setImmediate()
  acknowledged.resolve(ACKED)
  const [same, other] = await outcomes
  assert.equal(same.status === 'fulfilled' && same.value.order.orderId, ORDER_ID)
  assert.equal(other.status === 'rejected' && other.reason.code, 'ORDER_ALREADY_EXISTS')
})

test("a retry by its key is answered while a stranger's change of the order is alive", async (t) => {
  const { create, change, clock, published, answerWith } = await setUpUseCases(t)
  const first = await create('k-1')
  answerWith(() => new Promise(() => {}))
  const stranger = assert.rejects(change(undefined, 'confirmed'), { outcome: 'unknown' })
  await clock.runUntil(() => published.length === 2, 0)
  let isAnswered = false
  const retry = Promise.allSettled([create('k-1')]).finally(() => {
    isAnswered = true
  })
  await clock.runUntil(() => isAnswered)
  assert.deepEqual(await retry, [{ status: 'fulfilled', value: { ...first, isReplayed: true } }])
  clock.advance(2 * PUBLISH_TIMEOUT_MS)
  await stranger
})

test('a key that belongs to another request is refused', async (t) => {
  const { create, change } = await setUpUseCases(t)
  await create('k-1')
  assert.equal(await codeOf(create('k-1', 3)), 'IDEMPOTENCY_KEY_REUSED')
  assert.equal(await codeOf(change('k-1', 'confirmed')), 'IDEMPOTENCY_KEY_REUSED')
})

test('of many requests with one key at the same time one is carried out, and all are answered', async (t) => {
  const { create, published } = await setUpUseCases(t)
  const answers = await Promise.all(Array.from({ length: 50 }, () => create('k-1')))
  assert.equal(published.length, 1)
  assert.equal(answers.filter(({ isReplayed }) => !isReplayed).length, 1)
  assert.equal(new Set(answers.map(({ order }) => JSON.stringify(order))).size, 1)
})

test('a "no" is not kept: the same request is carried out when it comes again', async (t) => {
  const { create, published, answerWith } = await setUpUseCases(t)
  answerWith(() => Promise.resolve({ kind: 'cancelled' }))
  assert.equal(await codeOf(create('k-1')), 'KAFKA_UNAVAILABLE')
  answerWith(() => Promise.resolve(ACKED))
  assert.equal((await create('k-1')).isReplayed, false)
  assert.equal(published.length, 2)
})

test('a request whose first try is in doubt is waited for, and then answered by it', async (t) => {
  const { create, clock, answerWith, published } = await setUpUseCases(t)
  const resolution = Promise.withResolvers<Acked>()
  answerWith(() => Promise.resolve({ kind: 'in-doubt', resolution: resolution.promise }))
  assert.equal(await codeOf(create('k-1')), 'KAFKA_UNAVAILABLE')

  const tooEarly = codeOf(create('k-1'))
  await setImmediate()
  clock.advance(PUBLISH_TIMEOUT_MS)
  assert.equal(await tooEarly, 'REQUEST_IN_FLIGHT')

  const again = create('k-1')
  await setImmediate()
  resolution.resolve(ACKED)
  assert.equal((await again).isReplayed, true)
  assert.equal(published.length, 1)
})

const BROUGHT: BroughtOrder = {
  customerId: 'C-1',
  orderDate: '2020-01-31T12:00:00.000Z',
  currency: 'EUR',
  items: [
    { itemId: 'I-1', quantity: 2, price: 1.5 },
    { itemId: 'I-2', quantity: 1, price: 3 },
  ],
}

test('a creation in doubt is shared with one that brings the same, and with no other', async (t) => {
  const { create, clock, answerWith, published } = await setUpUseCases(t)
  const resolution = Promise.withResolvers<Acked>()
  answerWith(() => Promise.resolve({ kind: 'in-doubt', resolution: resolution.promise }))
  assert.equal(await codeOf(create(undefined, 2, BROUGHT)), 'KAFKA_UNAVAILABLE')
  const [first, second] = BROUGHT.items ?? []
  assert.ok(first && second)
  const others: BroughtOrder[] = [
    { ...BROUGHT, customerId: 'C-2' },
    { ...BROUGHT, orderDate: '2020-01-31T12:00:00.001Z' },
    { ...BROUGHT, currency: 'USD' },
    { ...BROUGHT, items: [second, first] },
    { ...BROUGHT, items: [{ ...first, quantity: 3 }, second] },
    { ...BROUGHT, items: [first, { ...second, price: 3.01 }] },
    { ...BROUGHT, items: [first, { ...second, price: 3.001 }] },
    // The order in doubt has all that it brings, and it is another request all the same.
    { customerId: 'C-1' },
  ]
  const refused = Promise.all(others.map((other) => codeOf(create(undefined, 2, other))))
  const same = create(undefined, 2, structuredClone(BROUGHT))
  await setImmediate()
  clock.advance(1)
  resolution.resolve(ACKED)
  assert.deepEqual(new Set(await refused), new Set(['ORDER_ALREADY_EXISTS']))
  const { order } = await same
  assert.deepEqual(
    order.items.map(({ priceMinor }) => priceMinor),
    [150, 300],
  )
  assert.deepEqual([order.totalMinor, order.orderDate], [600, BROUGHT.orderDate])
  assert.equal(published.length, 1)
})

test('an event is of the time of the change, whatever date its order brings', async (t) => {
  const { create, store, clock } = await setUpUseCases(t)
  await create(undefined, 2, BROUGHT)
  const event = await store.findEvent(ORDER_ID, 1)
  assert.equal(event?.event.time, clock.now().toISOString())
  assert.equal(event?.event.order.orderDate, BROUGHT.orderDate)
})

test('a request that gives up waiting for a change in doubt leaves nothing behind', async (t) => {
  const { deps, create, clock, answerWith } = await setUpUseCases(t)
  answerWith(() => Promise.resolve({ kind: 'in-doubt', resolution: new Promise(() => {}) }))
  assert.equal(await codeOf(create(undefined)), 'KAFKA_UNAVAILABLE')
  const { publications } = deps
  const inDoubt = publications.find(ORDER_ID)
  assert.ok(inDoubt)
  const waitersBefore = inDoubt.waiterCount

  const retries = Promise.allSettled(Array.from({ length: 1_000 }, () => create(undefined)))
  await setImmediate()
  assert.equal(inDoubt.waiterCount - waitersBefore + publications.turns.waitingCount, 1_000)
  clock.advance(PUBLISH_TIMEOUT_MS)
  const answers = await retries
  assert.ok(answers.every(({ status }) => status === 'rejected'))
  assert.equal(publications.find(ORDER_ID), inDoubt)
  assert.deepEqual([inDoubt.waiterCount, publications.turns.waitingCount], [waitersBefore, 0])
})

test('a request that runs on another instance is waited for, and then answered by it', async (t) => {
  const { create, clock, store, published } = await setUpUseCases(t)
  const foreign = await pendingElsewhere(store)
  const waiting = create('k-1')
  await setImmediate()
  await store.settle(foreign, { partition: 0, offset: 5 })
  let answered: ChangedOrder | undefined
  void waiting.then((answer) => (answered = answer))
  await clock.runUntil(() => answered !== undefined, 50)
  assert.equal(answered?.isReplayed, true)
  assert.deepEqual(published, [])
})

/** An event that this process has in its store and does not know of. */
async function pendingElsewhere(store: OrderStore): Promise<PendingEvent> {
  const pending = {
    ...somePending({ orderId: ORDER_ID }),
    retryKey: { idempotencyKey: 'k-1', fingerprint: 'create 2' },
  }
  assert.equal(await store.reserve(pending), 'reserved')
  return pending
}

test('a change that expects another version is refused, and nothing is published', async (t) => {
  const { create, change, published } = await setUpUseCases(t)
  await create(undefined)
  assert.equal(await codeOf(change(undefined, 'confirmed', [2])), 'VERSION_MOVED')
  assert.equal(await codeOf(change(undefined, 'confirmed', [])), 'VERSION_MOVED')
  assert.equal(published.length, 1)
  assert.equal((await change(undefined, 'confirmed', [7, 1])).version, 2)
})

test('of two changes that expect the same version one is carried out', async (t) => {
  const { create, change } = await setUpUseCases(t)
  await create(undefined)
  const [one, other] = await Promise.allSettled([
    change(undefined, 'confirmed', [1]),
    change(undefined, 'confirmed', [1]),
  ])
  assert.equal(one.status, 'fulfilled')
  assert.equal(other.status === 'rejected' && other.reason.code, 'VERSION_MOVED')
})

test('a change in doubt is not shared with one that expects another version', async (t) => {
  const { create, change, clock, answerWith } = await setUpUseCases(t)
  await create(undefined)
  const resolution = Promise.withResolvers<Acked>()
  answerWith(() => Promise.resolve({ kind: 'in-doubt', resolution: resolution.promise }))
  assert.equal(await codeOf(change(undefined, 'confirmed', [1])), 'KAFKA_UNAVAILABLE')
  const stale = codeOf(change(undefined, 'confirmed', [7]))
  const same = change(undefined, 'confirmed', [1])
  await setImmediate()
  clock.advance(1)
  resolution.resolve(ACKED)
  assert.equal((await same).version, 2)
  assert.equal(await stale, 'VERSION_MOVED')
})

test('an earlier try that is settled while the order is read is the answer, and no objection', async (t) => {
  const { deps, create, change } = await setUpUseCases(t)
  await create(undefined)
  const confirmed = await change('k-1', 'confirmed', [1])
  let asked = 0
  const late: ChangeDeps = {
    ...deps,
    retryKeys: {
      findKeyedChange(key) {
        asked += 1
        return asked === 1 ? Promise.resolve(undefined) : deps.retryKeys.findKeyedChange(key)
      },
    },
  }
  const command = { orderId: ORDER_ID, status: 'confirmed', expectedVersions: [1] } as const
  const again = await changeOrderStatus(late, { ...command, ...retryKeyOf('k-1', 'confirmed') })
  assert.deepEqual(again, { ...confirmed, isReplayed: true })
})
