import assert from 'node:assert/strict'
import { test } from 'node:test'
import { meaningOf, reportChange } from '../../../src/cli/change/report-change.ts'
import { readResult, sendChange, type ChangeResult } from '../../../src/cli/send-change.ts'
import { BOUNDED_BYTES, startEndlessServer } from '../../support/endless-server.ts'

function answer(status: number, body: unknown, headers: Record<string, string> = {}): ChangeResult {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return readResult({ status, headers: new Headers(headers) }, text)
}

function report(result: ChangeResult, isJson = false) {
  const out: string[] = []
  const progress: string[] = []
  const print = {
    out: (line: string) => void out.push(line),
    progress: (line: string) => void progress.push(line),
  }
  const sent = { orderId: 'ORD-1', idempotencyKey: 'K', again: 'npx cart create X' }
  const code = reportChange(result, { ...sent, done: 'created', isJson }, print)
  return { code, out: out.join('\n'), progress: progress.join('\n') }
}

const order = {
  orderId: 'ORD-1',
  status: 'pending',
  totalAmount: 20.5,
  currency: 'EUR',
  items: [{ itemId: 'ITEM-WATCH-1', quantity: 2, price: 10.25 }],
}

test('success is an order on stdout and 0', () => {
  const { code, out, progress } = report(answer(201, { success: true, data: order }))
  assert.equal(code, 0)
  assert.equal(out, 'Order ORD-1 created: pending, 20.50 EUR\n  ITEM-WATCH-1  2 x 10.25')
  assert.equal(progress, '')
})

test('a refusal is 1, and says that nothing happened', () => {
  const { code, out, progress } = report(
    answer(409, { code: 'ORDER_ALREADY_EXISTS', detail: "Order 'ORD-1' already exists" }),
  )
  assert.equal(code, 1)
  assert.equal(out, '')
  assert.match(
    progress,
    /^409 ORDER_ALREADY_EXISTS: Order 'ORD-1' already exists\nNothing happened/,
  )
  assert.ok(!progress.includes('npx cart create X'))
})

test('another change in flight is worth another try', () => {
  const { progress } = report(answer(409, { code: 'CHANGE_IN_FLIGHT', detail: 'wait' }))
  assert.match(progress, /Nothing happened\. Send it again:\n {2}npx cart create X$/)
})

test('a caller over its rate is told to send it again, and what is known of it', () => {
  const { code, progress } = report(
    answer(429, { code: 'RATE_LIMITED', detail: 'x', outcome: 'unknown' }),
  )
  assert.equal(code, 2)
  assert.match(progress, /npx cart create X/)
})

test('a 503 is 2, and its outcome says what to conclude', () => {
  const no = report(
    answer(
      503,
      { code: 'KAFKA_UNAVAILABLE', detail: 'x', outcome: 'not-applied' },
      { 'retry-after': '2' },
    ),
  )
  assert.equal(no.code, 2)
  assert.match(
    no.progress,
    /\nNothing happened\. Send it again, after 2 s:\n {2}npx cart create X$/,
  )
  const unknown = report(
    answer(503, { code: 'KAFKA_UNAVAILABLE', detail: 'x', outcome: 'unknown' }),
  )
  assert.equal(unknown.code, 2)
  assert.match(
    unknown.progress,
    /\nIt may have happened\. Send the same again .*:\n {2}npx cart create X$/,
  )
})

test('whatever does not say that nothing happened may have happened', () => {
  for (const result of [
    answer(500, { code: 'INTERNAL_ERROR', detail: 'x' }),
    answer(502, '<html>a proxy</html>'),
    answer(503, { detail: 'no outcome' }),
    answer(200, '<html>some page</html>'),
    answer(302, ''),
    // An earlier try with the same key is being settled.
    answer(409, { code: 'REQUEST_IN_FLIGHT', detail: 'wait' }),
  ]) {
    assert.equal(report(result).code, 2)
    assert.ok(result.kind !== 'done')
    assert.match(meaningOf(result, 'again').join('\n'), /may have happened/)
  }
})

test('as JSON every result is one text on stdout', () => {
  const refused = answer(404, { code: 'ORDER_NOT_FOUND', detail: 'x' })
  assert.deepEqual(JSON.parse(report(refused, true).out), {
    kind: 'refused',
    outcome: 'not-applied',
    httpStatus: 404,
    code: 'ORDER_NOT_FOUND',
    detail: 'x',
    orderId: 'ORD-1',
    idempotencyKey: 'K',
  })
})

test('as JSON a change that may be sent again has the key, and the command', () => {
  const unknown = answer(503, { code: 'KAFKA_UNAVAILABLE', detail: 'x', outcome: 'unknown' })
  const { orderId, idempotencyKey, again } = JSON.parse(report(unknown, true).out) as Record<
    string,
    unknown
  >
  assert.deepEqual([orderId, idempotencyKey, again], ['ORD-1', 'K', 'npx cart create X'])
  const done = JSON.parse(report(answer(201, { data: order }), true).out) as Record<string, unknown>
  assert.deepEqual(
    [done['orderId'], done['idempotencyKey'], done['again']],
    ['ORD-1', 'K', undefined],
  )
})

test('each of several wrong fields is a line', () => {
  const errors = [
    { field: 'items[0].quantity', message: 'items[0].quantity must be an integer' },
    { field: 'currency', message: 'currency must be a code' },
  ]
  const refused = answer(400, { code: 'REQUEST_INVALID', detail: 'one; two', errors })
  assert.match(
    report(refused).progress,
    /^400 REQUEST_INVALID:\n {2}items\[0\]\.quantity must be an integer\n {2}currency must be a code\nNothing happened/,
  )
})

test('what another program answers is no order, whatever it has of one', () => {
  for (const data of [
    { ...order, items: [{}] },
    { ...order, items: [null] },
    { ...order, items: { length: 1 } },
    { ...order, totalAmount: '20.5' },
    { ...order, currency: undefined },
    { ...order, status: 7 },
    null,
  ]) {
    const { code, out, progress } = report(answer(201, { success: true, data }))
    assert.deepEqual([code, out], [2, ''])
    assert.match(progress, /no answer of CartService[^]*may have happened/)
  }
})

test('an answer without end leaves open what happened', async (t) => {
  const { url, left } = await startEndlessServer(t)
  const change = {
    method: 'POST',
    path: '/api/create-order',
    body: {},
    idempotencyKey: 'K',
  } as const
  assert.deepEqual(await sendChange({ url, headers: {}, timeoutMs: 10_000 }, change), {
    kind: 'no-answer',
    outcome: 'unknown',
    reason: `${url}: its answer has more than 4194304 bytes; is that its address?`,
  })
  assert.ok((await left()) < BOUNDED_BYTES)
})

test('an id of anybody does not make the other lines as long', () => {
  const items = ['X'.repeat(10_000), 'Y'].map((itemId) => ({ itemId, quantity: 1, price: 1 }))
  const { out } = report(answer(201, { data: { ...order, items } }))
  assert.equal(out.split('\n')[2], `  ${'Y'.padEnd(512)}  1 x 1.00`)
})
