import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { CommandError } from '../../../../src/business/errors.ts'
import { StoreError, type EventEncoder, type OrderStore } from '../../../../src/business/ports.ts'
import type { Acked } from '../../../../src/business/publication/publisher-port.ts'
import {
  ACKED,
  ORDER_ID,
  PUBLISH_TIMEOUT_MS,
  retryKeyOf,
  setUpUseCases,
} from '../../../support/use-cases.ts'
import { somePending } from '../../../support/some-event.ts'
import { changeOrderStatus } from '../../../../src/business/order/change-order-status.ts'
import { createOrder } from '../../../../src/business/order/create-order.ts'
import type { OrderId } from '../../../../src/models/order.ts'

const NINE_MIB: EventEncoder = {
  encode: ({ order }) => ({
    key: Buffer.from(order.orderId),
    value: Buffer.alloc(9 * 1024 * 1024),
    schemaId: 1,
  }),
}

/** An order, any of whose status changes is allowed, and the number of its reads since. */
async function setUpOrder(t: TestContext) {
  const useCases = await setUpUseCases(t)
  const { deps, store, create } = useCases
  await create(undefined)
  let readCount = 0
  const findOrder = store.findOrder.bind(store)
  const findKeyedChange = store.findKeyedChange.bind(store)
  Object.assign(store, {
    findOrder: (...args: Parameters<typeof findOrder>) => {
      readCount += 1
      return findOrder(...args)
    },
    findKeyedChange: (...args: Parameters<typeof findKeyedChange>) => {
      readCount += 1
      return findKeyedChange(...args)
    },
  })
  const update = (key?: string) =>
    changeOrderStatus(
      { ...deps, statusPolicy: 'any' },
      { orderId: ORDER_ID, status: 'shipped', ...retryKeyOf(key, 'shipped') },
    )
  return { ...useCases, update, reads: () => readCount }
}

test('a hundred changes of one order are carried out as they came, with one look at the store', async (t) => {
  const { update, reads } = await setUpOrder(t)
  const answers = await Promise.all(Array.from({ length: 100 }, () => update()))
  assert.deepEqual(
    answers.map(({ version }) => version),
    Array.from({ length: 100 }, (_, index) => index + 2),
  )
  assert.equal(reads(), 1)
})

test('with keys each asks for its key when it comes and when its turn comes, and no more', async (t) => {
  const { update, reads } = await setUpOrder(t)
  const answers = await Promise.all(Array.from({ length: 100 }, (_, index) => update(`k-${index}`)))
  assert.ok(answers.every(({ isReplayed }) => !isReplayed))
  // The first has its turn at once, and looks for the order, which the others know.
  assert.equal(reads(), 2 * 100 - 1 + 1)
})

/** Gives the order another version at once after the next one that is settled here. */
function changeElsewhere(store: OrderStore): void {
  const settle = store.settle.bind(store)
  const foreign = somePending({ orderId: ORDER_ID, version: 3, type: 'order-status-changed' })
  let isDue = true
  Object.assign(store, {
    settle: async (...args: Parameters<typeof settle>) => {
      const result = await settle(...args)
      if (isDue) {
        isDue = false
        assert.equal(await store.reserve(foreign), 'reserved')
        await settle(foreign, { partition: 0, offset: 100 })
      }
      return result
    },
  })
}

test('a change of another instance between two turns is seen, and the store asked again', async (t) => {
  const { store, update, reads } = await setUpOrder(t)
  changeElsewhere(store)
  const answers = await Promise.all([update(), update(), update()])
  assert.deepEqual(
    answers.map(({ version }) => version),
    [2, 4, 5],
  )
  assert.equal(reads(), 2)
})

test('what the turn before has left is no reason for a "no": the store is asked', async (t) => {
  const { store, create, change } = await setUpUseCases(t)
  await create(undefined)
  changeElsewhere(store)
  // Elsewhere it is made pending again: before that it could not be confirmed a second time.
  const answers = await Promise.all([
    change(undefined, 'confirmed'),
    change(undefined, 'confirmed'),
  ])
  assert.deepEqual(
    answers.map(({ version }) => version),
    [2, 4],
  )
})

test('a hundred requests with one key are answered at the end of the one that was carried out', async (t) => {
  const { update, published, reads } = await setUpOrder(t)
  const publishedBefore = published.length
  const answers = await Promise.all(Array.from({ length: 100 }, () => update('k-1')))
  assert.equal(published.length - publishedBefore, 1)
  assert.deepEqual(new Set(answers.map(({ version }) => version)), new Set([2]))
  assert.equal(answers.filter(({ isReplayed }) => isReplayed).length, 99)
  assert.ok(reads() <= 2 + 2 * 99, `${reads()} reads`)
})

test('whoever is told of a large change leaves once, whatever the answer, and the next one is told', async (t) => {
  const { deps, store, clock, create, published, answerWith } = await setUpUseCases(t)
  const { turns } = deps.publications
  const wait = turns.wait.bind(turns)
  const left: number[] = []
  turns.wait = async (...args) => {
    const waited = await wait(...args)
    if (waited.kind !== 'ended') return waited
    const index = left.push(0) - 1
    const leave = () => {
      left[index] = (left[index] ?? 0) + 1
      waited.leave()
    }
    return { ...waited, leave }
  }
  Object.assign(deps, { encoder: NINE_MIB, statusPolicy: 'any' })
  await create(undefined)
  const acked = Promise.withResolvers<Acked>()
  answerWith(() => acked.promise)
  const update = (fingerprint: string, leaving?: AbortSignal) =>
    changeOrderStatus(deps, {
      orderId: ORDER_ID,
      status: 'shipped',
      ...retryKeyOf('k-1', fingerprint),
      ...(leaving && { leaving: () => leaving }),
    })
  const first = update('shipped')
  await clock.runUntil(() => published.length === 2, 1)
  const taken = new AbortController()
  const refused = [update('another request'), update('of no use')]
  const untaken = update('shipped', taken.signal)
  const answers = Promise.allSettled([...refused, untaken, update('shipped')])
  await setImmediate()
  const findKeyedChange = store.findKeyedChange.bind(store)
  store.findKeyedChange = (retryKey, ...rest) =>
    retryKey.fingerprint === 'of no use'
      ? Promise.reject(new StoreError('it is away', 'no'))
      : findKeyedChange(retryKey, ...rest)
  acked.resolve({ ...ACKED, position: { partition: 0, offset: 100 } })
  assert.equal((await first).version, 2)
  await clock.runUntil(() => left.length === 3, 1)
  await untaken
  assert.deepEqual(left, [1, 1, 0], 'the client has not taken its answer')
  taken.abort()
  await clock.runUntil(() => left.at(-1) === 1 && left.length === 4, 1)
  assert.deepEqual(
    (await answers).map((one) =>
      one.status === 'fulfilled' ? one.value.version : (one.reason as CommandError).code,
    ),
    ['IDEMPOTENCY_KEY_REUSED', 'STORE_UNAVAILABLE', 2, 2],
  )
  assert.deepEqual(left, [1, 1, 1, 1])
})

test('a request that is sent again while others wait shares the settlement of its first try', async (t) => {
  const { deps, create, change, clock, answerWith } = await setUpUseCases(t)
  const resolution = Promise.withResolvers<Acked>()
  answerWith(() => Promise.resolve({ kind: 'in-doubt', resolution: resolution.promise }))
  await assert.rejects(create(undefined), { outcome: 'unknown' })
  const strangers = Promise.allSettled(
    Array.from({ length: 50 }, () => change(undefined, 'shipped')),
  )
  const again = create(undefined)
  await setImmediate()
  answerWith(() => Promise.resolve({ kind: 'cancelled' }))
  resolution.resolve(ACKED)
  const { version, isReplayed } = await again
  assert.deepEqual([version, isReplayed], [1, false])
  clock.advance(PUBLISH_TIMEOUT_MS)
  await strangers
  assert.equal(deps.publications.turns.waitingCount, 0)
})

test('at its deadline a request that waits for its turn is told of the change before it', async (t) => {
  const { change, create, clock, published, answerWith } = await setUpUseCases(t)
  await create(undefined)
  answerWith(() => new Promise(() => {}))
  const answers = Promise.allSettled([
    change(undefined, 'confirmed'),
    change(undefined, 'shipped'),
    change(undefined, 'shipped'),
  ])
  await clock.runUntil(() => published.length === 2, 1)
  clock.advance(2 * PUBLISH_TIMEOUT_MS)
  const codes = (await answers).map((answer) => {
    assert.equal(answer.status, 'rejected')
    assert.ok(answer.reason instanceof CommandError)
    return answer.reason.code
  })
  assert.deepEqual(codes, ['KAFKA_UNAVAILABLE', 'CHANGE_IN_FLIGHT', 'CHANGE_IN_FLIGHT'])
})

test('a request whose first try is in doubt is told so, also when its turn comes with its deadline', async (t) => {
  const { change, create, clock, published, answerWith } = await setUpUseCases(t)
  await create(undefined)
  answerWith(() => Promise.resolve({ kind: 'in-doubt', resolution: new Promise(() => {}) }))
  await assert.rejects(change(undefined, 'confirmed'), { outcome: 'unknown' })
  const [stranger, again] = [change(undefined, 'shipped'), change(undefined, 'confirmed')]
  await setImmediate()
  clock.advance(PUBLISH_TIMEOUT_MS)
  await assert.rejects(stranger, { code: 'CHANGE_IN_FLIGHT' })
  await assert.rejects(again, { code: 'KAFKA_UNAVAILABLE', outcome: 'unknown' })
  assert.equal(published.length, 2)
})

test('a change whose client leaves while it waits for its turn is never begun', async (t) => {
  const { deps, create, change, clock, published, answerWith } = await setUpUseCases(t)
  await create(undefined)
  const acked = Promise.withResolvers<Acked>()
  answerWith(() => acked.promise)
  const first = change(undefined, 'confirmed')
  await clock.runUntil(() => published.length === 2, 1)
  const leaving = new AbortController()
  const left = changeOrderStatus(deps, {
    orderId: ORDER_ID,
    status: 'shipped',
    leaving: () => leaving.signal,
  })
  await setImmediate()
  leaving.abort()
  await assert.rejects(left, { code: 'CHANGE_IN_FLIGHT' })
  acked.resolve({ ...ACKED, position: { partition: 0, offset: 100 } })
  assert.equal((await first).version, 2)
  assert.equal(published.length, 2)
  assert.equal(deps.publications.turns.waitingCount, 0)
})

test('above MAX_PENDING_EVENTS that are alive here nothing more is stored', async (t) => {
  const { deps, create, answerWith, published } = await setUpUseCases(t)
  Object.assign(deps, { pendingEventsMax: 0 })
  answerWith(() => assert.fail('it was published'))
  await assert.rejects(create(undefined), { code: 'SERVICE_FULL', outcome: 'not-applied' })
  assert.deepEqual(published, [])
})

test('while the events that are alive here have too many bytes nothing more is stored', async (t) => {
  const { deps, create, published, answerWith, clock } = await setUpUseCases(t)
  let encodedCount = 0
  const encoder: EventEncoder = {
    encode({ order }) {
      encodedCount += 1
      return {
        key: Buffer.from(order.orderId),
        value: Buffer.alloc(16 * 1024 * 1024),
        schemaId: 1,
      }
    },
  }
  Object.assign(deps, { encoder })
  const acked = Promise.withResolvers<Acked>()
  answerWith(() => acked.promise)
  const first = create(undefined)
  await clock.runUntil(() => published.length === 1, 1)
  const other = { orderId: 'ORD-OTHER' as OrderId, numItems: 1 }
  await assert.rejects(createOrder(deps, other), { code: 'SERVICE_FULL', outcome: 'not-applied' })
  // The bytes of a large order take longer than the refusal.
  assert.equal(encodedCount, 1)
  acked.resolve({ ...ACKED, position: { partition: 0, offset: 100 } })
  assert.equal((await first).version, 1)
  answerWith(() => Promise.resolve({ ...ACKED, position: { partition: 0, offset: 101 } }))
  assert.equal((await createOrder(deps, other)).version, 1)
})

test('the store is asked by the deadline of the request, however long that has waited', async (t) => {
  const { deps, store, clock, change, create, published, answerWith } = await setUpUseCases(t)
  await create(undefined)
  const asked: Array<number | undefined> = []
  const [findOrder, findKeyedChange] = [
    store.findOrder.bind(store),
    store.findKeyedChange.bind(store),
  ]
  Object.assign(store, {
    findOrder: (...args: Parameters<typeof findOrder>) => {
      asked.push(args[1])
      return findOrder(...args)
    },
    findKeyedChange: (...args: Parameters<typeof findKeyedChange>) => {
      asked.push(args[1])
      return findKeyedChange(...args)
    },
  })
  const acked = Promise.withResolvers<Acked>()
  answerWith(() => acked.promise)
  const first = change(undefined, 'confirmed')
  await clock.runUntil(() => published.length === 2, 1)
  asked.length = 0
  const beganMs = clock.monotonicMs()
  const second = changeOrderStatus(
    { ...deps, statusPolicy: 'any' },
    { orderId: ORDER_ID, status: 'shipped', ...retryKeyOf('k-2', 'shipped') },
  )
  await setImmediate()
  clock.advance(1_000)
  acked.resolve({ ...ACKED, position: { partition: 0, offset: 100 } })
  answerWith(() => Promise.resolve({ ...ACKED, position: { partition: 0, offset: 101 } }))
  await Promise.all([first, second])
  assert.ok(asked.length >= 2)
  assert.deepEqual(new Set(asked), new Set([beganMs + PUBLISH_TIMEOUT_MS]))
})
