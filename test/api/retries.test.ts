import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CommandError } from '../../src/business/errors.ts'
import { versionMoved } from '../../src/business/refusals.ts'
import type { OrderId } from '../../src/models/order.ts'
import {
  changedOrder,
  createFakeCommands,
  orderOf,
  postOrder,
  putOrder,
  startTestServer,
} from './harness.ts'

const CREATE = { orderId: 'ORD-1', numItems: 1 }
const UPDATE = { orderId: 'ORD-1', status: 'shipped' }
const JSON_TYPE = { 'content-type': 'application/json' }

function withKey(idempotencyKey: string): object {
  return { ...JSON_TYPE, 'idempotency-key': idempotencyKey }
}

test('says the version of an order as its entity tag', async (t) => {
  const { server } = await startTestServer(t)
  assert.equal((await postOrder(server, CREATE)).headers['etag'], '"1"')
  assert.equal((await putOrder(server, UPDATE)).headers['etag'], '"2"')
  assert.equal((await server.inject('/api/orders/ORD-1')).headers['etag'], '"2"')
})

test('hands the key on, with and without the quotes of the draft', async (t) => {
  const commands = createFakeCommands()
  const { server } = await startTestServer(t, { commands })
  for (const key of ['k-1', '"k-1"']) {
    await postOrder(server, CREATE, withKey(key))
    assert.equal(commands.created.pop()?.retryKey?.idempotencyKey, 'k-1')
  }
})

test('takes the same request for the same, and every other one for another', async (t) => {
  const commands = createFakeCommands()
  const { server } = await startTestServer(t, { commands })
  const bodies = [
    CREATE,
    { numItems: 1.0, orderId: ' ORD-1 ', comment: 'ignored' },
    { ...CREATE, numItems: 2 },
    { ...CREATE, orderId: 'ORD-2' },
  ]
  for (const body of bodies) await postOrder(server, body, withKey('k'))
  const prints = commands.created.map(({ retryKey }) => retryKey?.fingerprint)
  assert.equal(prints[0], prints[1])
  await putOrder(server, { orderId: 'ORD-1', status: 'pending' }, withKey('k'))
  prints.push(commands.changed[0]?.retryKey?.fingerprint)
  assert.equal(new Set(prints).size, 4)
})

const BROUGHT = {
  ...CREATE,
  customerId: 'C-1',
  orderDate: '2026-01-31T12:00:00Z',
  currency: 'EUR',
  items: [{ itemId: 'I-1', quantity: 2, price: 1.5 }],
}

test('takes an order that is brought for the same by all that it brings, however it is written', async (t) => {
  const commands = createFakeCommands()
  const { server } = await startTestServer(t, { commands })
  const printOf = async (body: object): Promise<string | undefined> => {
    assert.equal((await postOrder(server, body, withKey('k'))).statusCode, 201)
    return commands.created.pop()?.retryKey?.fingerprint
  }
  const print = await printOf(BROUGHT)
  const [item] = BROUGHT.items
  const { numItems: _, ...withoutCount } = BROUGHT
  const rewritten = [
    withoutCount,
    { ...BROUGHT, currency: 'eur', customerId: ' C-1 ', orderDate: '2026-01-31T13:00+01:00' },
    { ...BROUGHT, items: [{ price: 1.5, quantity: 2, itemId: ' I-1 ' }], totalAmount: 3 },
  ]
  for (const body of rewritten) assert.equal(await printOf(body), print)
  const others = [
    CREATE,
    { ...BROUGHT, customerId: 'C-2' },
    { ...BROUGHT, orderDate: '2026-01-31T12:00:00.001Z' },
    { ...BROUGHT, currency: 'USD' },
    { ...BROUGHT, items: [{ ...item, itemId: 'I-2' }] },
    { ...BROUGHT, items: [{ ...item, quantity: 3 }] },
    { ...BROUGHT, items: [{ ...item, price: 1.51 }] },
  ]
  const prints = await Array.fromAsync(others, printOf)
  assert.equal(new Set([print, ...prints]).size, 1 + others.length)
})

test('refuses a key that cannot be one', async (t) => {
  const { server } = await startTestServer(t)
  for (const key of ['', '""', 'a b', 'a, b', 'ä', 'x'.repeat(256)]) {
    const response = await postOrder(server, CREATE, withKey(key))
    assert.equal(response.statusCode, 400, key)
    assert.equal(response.json().errors[0].field, 'Idempotency-Key')
  }
})

test('says when an answer is that of an earlier request', async (t) => {
  const commands = createFakeCommands()
  const { server } = await startTestServer(t, {
    commands: {
      ...commands,
      createOrder: async ({ orderId }) => ({
        ...changedOrder(orderOf(orderId, 1)),
        isReplayed: true,
      }),
    },
  })
  const replayed = await postOrder(server, CREATE, withKey('k'))
  assert.deepEqual([replayed.statusCode, replayed.headers['idempotent-replayed']], [201, 'true'])
  assert.equal(replayed.headers['location'], '/api/orders/ORD-1')
  const first = await putOrder(server, UPDATE, withKey('k'))
  assert.equal(first.headers['idempotent-replayed'], undefined)
})

test('reads the versions that If-Match names', async (t) => {
  const commands = createFakeCommands()
  const { server } = await startTestServer(t, { commands })
  const cases: ReadonlyArray<[string, readonly number[] | undefined]> = [
    ['"3"', [3]],
    ['"3", "4"', [3, 4]],
    ['*', undefined],
    ['W/"3", "4"', [4]],
    ['"abc"', []],
  ]
  for (const [ifMatch, versions] of cases) {
    await putOrder(server, UPDATE, { ...JSON_TYPE, 'if-match': ifMatch })
    assert.deepEqual(commands.changed.pop()?.expectedVersions, versions, ifMatch)
  }
})

test('says of weak entity tags that they match nothing, and what to send', async (t) => {
  const commands = createFakeCommands()
  const { server } = await startTestServer(t, { commands })
  const response = await putOrder(server, UPDATE, { ...JSON_TYPE, 'if-match': 'W/"3", W/"4"' })
  assert.deepEqual([response.statusCode, response.json().code], [412, 'ENTITY_TAG_WEAK'])
  assert.match(response.json().detail, /send "3" instead of W\/"3"$/)
  assert.deepEqual(commands.changed, [])
})

test('knows a tag that was altered on the way, and says which one to send', async (t) => {
  const commands = createFakeCommands()
  const { server } = await startTestServer(t, { commands })
  for (const tag of ['"3-gzip"', '"3--gzip"', '"3;gzip"', '"3-br"', '"3:zstd"', 'W/"3-gzip"']) {
    const response = await putOrder(server, UPDATE, { ...JSON_TYPE, 'if-match': tag })
    assert.deepEqual([response.statusCode, response.json().code], [412, 'ENTITY_TAG_WEAK'], tag)
    assert.ok(response.json().detail.endsWith(`send "3" instead of ${tag}`), tag)
    const headers = { 'if-none-match': tag.replace('3', '2') }
    const read = await server.inject({ url: '/api/orders/ORD-1', headers })
    assert.equal(read.statusCode, 304, tag)
  }
  assert.deepEqual(commands.changed, [])
})

test('says at which version an order is, as the tag to send', () => {
  const { message } = versionMoved('ORD-1' as OrderId, 3)
  assert.match(message, /is at version 3, .* send If-Match: "3"$/)
})

test('sends nothing of an event that If-None-Match names', async (t) => {
  const { server } = await startTestServer(t)
  const url = '/api/orders/ORD-1/events/1'
  const first = await server.inject(url)
  const etag = String(first.headers['etag'])
  assert.equal(etag, `"${first.json().data.eventId}"`)
  const again = await server.inject({ url, headers: { 'if-none-match': `"x", W/${etag}` } })
  assert.deepEqual([again.statusCode, again.body, again.headers['etag']], [304, '', etag])
})

test('sends nothing of a version that If-None-Match names', async (t) => {
  const { server } = await startTestServer(t)
  for (const [names, isKnown] of [
    ['"2"', true],
    ['W/"2"', true],
    ['"1", "2"', true],
    ['*', true],
    ['"1"', false],
    ['2', false],
    ['', false],
  ] as const) {
    const headers = { 'if-none-match': names }
    const response = await server.inject({ url: '/api/orders/ORD-1', headers })
    assert.equal(response.statusCode, isKnown ? 304 : 200, names)
    assert.equal(response.headers['etag'], '"2"')
    assert.equal(response.headers['cache-control'], 'private, no-cache')
    assert.equal(response.body === '', isKnown, names)
  }
})

test('refuses an If-Match that is no list of entity tags', async (t) => {
  const { server } = await startTestServer(t)
  for (const ifMatch of ['3', '', '"3" "4"', '"3']) {
    const response = await putOrder(server, UPDATE, { ...JSON_TYPE, 'if-match': ifMatch })
    assert.equal(response.statusCode, 400, ifMatch)
    assert.equal(response.json().errors[0].field, 'If-Match')
  }
})

test('answers 412 when the order has moved on', async (t) => {
  const moved = new CommandError('VERSION_MOVED', "Order 'ORD-1' is at version 3")
  const { server } = await startTestServer(t, { commands: createFakeCommands(moved) })
  const response = await putOrder(server, UPDATE, { ...JSON_TYPE, 'if-match': '"2"' })
  assert.deepEqual([response.statusCode, response.json().code], [412, 'VERSION_MOVED'])
})
