import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { createFakeCommands, postOrder, putOrder, startTestServer } from './harness.ts'

const ORDER_ID_RULE = 'must be a string of 1 to 255 characters without control characters'
const HALF = ', which has half of a character: an unpaired surrogate'
const NUM_ITEMS_RULE = 'must be an integer from 1 to 100'
const STATUS_RULE = 'must be one of pending, confirmed, shipped, delivered, cancelled'

const REFUSED_CREATIONS: readonly (readonly [body: string, message: string])[] = [
  ['{"orderId":"O","numItems":"three"}', `numItems ${NUM_ITEMS_RULE}, got "three"`],
  ['{"orderId":"O","numItems":"3"}', `numItems ${NUM_ITEMS_RULE}, got "3"`],
  ['{"orderId":"O","numItems":true}', `numItems ${NUM_ITEMS_RULE}, got true`],
  [
    '{"orderId":"O","numItems":null,"items":null}',
    `numItems or items is required: numItems ${NUM_ITEMS_RULE}`,
  ],
  ['{"orderId":"O","numItems":[3]}', `numItems ${NUM_ITEMS_RULE}, got [3]`],
  ['{"orderId":"O","numItems":0}', `numItems ${NUM_ITEMS_RULE}, got 0`],
  ['{"orderId":"O","numItems":101}', `numItems ${NUM_ITEMS_RULE}, got 101`],
  ['{"orderId":"O","numItems":2.5}', `numItems ${NUM_ITEMS_RULE}, got 2.5`],
  ['{"orderId":"O","numItems":1e400}', `numItems ${NUM_ITEMS_RULE}, got Infinity`],
  ['{"orderId":"O"}', `numItems or items is required: numItems ${NUM_ITEMS_RULE}`],
  ['{"numItems":1}', `orderId is required: it ${ORDER_ID_RULE}`],
  ['{"orderId":"","numItems":1}', `orderId ${ORDER_ID_RULE}, got ""`],
  ['{"orderId":"  ","numItems":1}', `orderId ${ORDER_ID_RULE}, got ""`],
  ['{"orderId":123,"numItems":1}', `orderId ${ORDER_ID_RULE}, got 123`],
  [String.raw`{"orderId":"a\nb","numItems":1}`, String.raw`orderId ${ORDER_ID_RULE}, got "a\nb"`],
  [String.raw`{"orderId":"a\u0000","numItems":1}`, `orderId ${ORDER_ID_RULE}, got "a\\u0000"`],
  [String.raw`{"orderId":"\ud800","numItems":1}`, `orderId ${ORDER_ID_RULE}, got "\\ud800"${HALF}`],
  [
    `{"orderId":"${'x'.repeat(256)}","numItems":1}`,
    `orderId ${ORDER_ID_RULE}, got "${'x'.repeat(59)}…`,
  ],
]

for (const [body, message] of REFUSED_CREATIONS) {
  test(`tells why ${body.slice(0, 60)} is refused`, async (t) => {
    const commands = createFakeCommands()
    const { server } = await startTestServer(t, { commands })
    const response = await postOrder(server, body)
    const problem = response.json()
    assert.equal(response.statusCode, 400)
    assert.equal(problem.code, 'REQUEST_INVALID')
    assert.equal(problem.detail, message)
    assert.deepEqual(problem.errors, [{ field: message.split(' ', 1)[0], message }])
    assert.deepEqual(commands.created, [])
  })
}

const REFUSED_CHANGES: readonly (readonly [body: string, message: string])[] = [
  ['{"orderId":"O","status":"lost"}', `status ${STATUS_RULE}, got "lost"`],
  ['{"orderId":"O","status":"Shipped"}', `status ${STATUS_RULE}, got "Shipped"`],
  ['{"orderId":"O","status":1}', `status ${STATUS_RULE}, got 1`],
  ['{"orderId":"O"}', `status is required: it ${STATUS_RULE}`],
  ['{"status":"pending"}', `orderId is required: it ${ORDER_ID_RULE}`],
]

for (const [body, message] of REFUSED_CHANGES) {
  test(`tells why ${body} is refused as a change`, async (t) => {
    const commands = createFakeCommands()
    const { server } = await startTestServer(t, { commands })
    const response = await putOrder(server, body)
    assert.equal(response.statusCode, 400)
    assert.deepEqual(response.json().errors, [{ field: message.split(' ', 1)[0], message }])
    assert.deepEqual(commands.changed, [])
  })
}

test('tells of all fields at once, each once, and joins the sentences in detail', async (t) => {
  const { server } = await startTestServer(t)
  const response = await postOrder(server, { orderId: '', numItems: 'three' })
  const orderIdMessage = `orderId ${ORDER_ID_RULE}, got ""`
  const numItemsMessage = `numItems ${NUM_ITEMS_RULE}, got "three"`
  assert.deepEqual(response.json().errors, [
    { field: 'orderId', message: orderIdMessage },
    { field: 'numItems', message: numItemsMessage },
  ])
  assert.equal(response.json().detail, `${orderIdMessage}; ${numItemsMessage}`)
})

test('shows at most 60 characters of a value, however deep it is', async (t) => {
  const { server } = await startTestServer(t)
  const depth = 8_000
  const deep = '['.repeat(depth) + ']'.repeat(depth)
  const response = await postOrder(server, `{"orderId":${deep},"numItems":1}`)
  assert.equal(response.statusCode, 400)
  assert.equal(response.json().detail, `orderId ${ORDER_ID_RULE}, got ${'['.repeat(60)}…`)
})

test('does not cut a character in two', async (t) => {
  const { server } = await startTestServer(t)
  const response = await postOrder(server, { orderId: '😀'.repeat(300), numItems: 1 })
  assert.ok(response.json().detail.endsWith(`got "${'😀'.repeat(59)}…`))
})

const START_RULE =
  'must be a date (2026-01-31) or a date and time with its offset (2026-01-31T12:00:00Z)'
const NOT_REAL = ', which is no real date, or not in the years 0000 to 9999 of UTC'
const NO_PARAMETER = 'is no parameter here: there are'

const WRONG_IN_SEVERAL_PARTS: ReadonlyArray<{
  readonly what: string
  readonly ask: (server: FastifyInstance) => Promise<{ statusCode: number; json: () => unknown }>
  readonly errors: readonly string[]
}> = [
  {
    what: 'query, headers and body of a creation',
    ask: (server) =>
      server.inject({
        method: 'POST',
        url: '/api/create-order?dryRun=true',
        headers: { 'content-type': 'application/json', 'idempotency-key': 'a b' },
        payload: { orderId: '', items: [{ itemId: 'A', quantity: 1, price: 0.001 }] },
      }),
    errors: [
      `orderId ${ORDER_ID_RULE}, got ""`,
      'items[0].price has 3 decimals; without a currency it may have 2',
      `dryRun ${NO_PARAMETER} none`,
      'Idempotency-Key must be 1 to 255 printable ASCII characters without space and comma, got "a b"',
    ],
  },
  {
    what: 'query, headers and body of a change',
    ask: (server) =>
      server.inject({
        method: 'PUT',
        url: '/api/update-order?dryRun=true',
        headers: { 'content-type': 'application/json', 'if-match': '3' },
        payload: { orderId: 'O', status: 'lost' },
      }),
    errors: [
      `status ${STATUS_RULE}, got "lost"`,
      `dryRun ${NO_PARAMETER} none`,
      'If-Match must be * or a list of entity tags, such as "3", got "3"',
    ],
  },
  {
    what: 'path and query',
    ask: (server) => server.inject('/api/orders/%00/events?page=2&limit=0'),
    errors: [
      String.raw`orderId ${ORDER_ID_RULE}, got "\u0000"`,
      `page ${NO_PARAMETER} limit, cursor, format`,
      'limit must be an integer from 1 to 200, got 0',
    ],
  },
  {
    what: 'a query',
    ask: (server) =>
      server.inject('/api/orders?from=2026-02-30&to=0000-01-01T00:00%2B01&limit=0&status=lost'),
    errors: [
      `from ${START_RULE}, got "2026-02-30"${NOT_REAL}`,
      `to ${START_RULE}, got "0000-01-01T00:00+01"${NOT_REAL}`,
      'limit must be an integer from 1 to 200, got 0',
      `status ${STATUS_RULE}, got "lost"`,
    ],
  },
  {
    what: 'query and headers of the stream',
    ask: (server) =>
      server.inject({
        url: '/api/events/stream?from=here',
        headers: { 'last-event-id': 'x' },
      }),
    errors: [
      'from must be beginning, recent or now, got "here"',
      'Last-Event-ID must be the id of an event of this stream, got "x"',
    ],
  },
]

for (const { what, ask, errors } of WRONG_IN_SEVERAL_PARTS) {
  test(`tells at once of all that is wrong in ${what}`, async (t) => {
    const commands = createFakeCommands()
    const { server } = await startTestServer(t, { commands })
    const response = await ask(server)
    const told = response.json() as { errors: { message: string }[] }
    assert.equal(response.statusCode, 400)
    assert.deepEqual(told.errors.map(({ message }) => message).toSorted(), errors.toSorted())
    assert.deepEqual([...commands.created, ...commands.changed], [])
  })
}
