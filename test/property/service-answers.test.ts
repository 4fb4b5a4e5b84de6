import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import fc from 'fast-check'
import { reportChange } from '../../src/cli/change/report-change.ts'
import { describeOrder } from '../../src/cli/orders/get.ts'
import { createOrderRows, isListedOrder } from '../../src/cli/orders/order-rows.ts'
import { paintFor } from '../../src/cli/paint.ts'
import { readResult } from '../../src/cli/send-change.ts'

/** Whatever answers in the place of the service: a command says what it means, and throws nothing. */

const SEED = 11
const RUNS = 3_000

const SENT = { orderId: 'ORD-1', idempotencyKey: 'K', again: 'npx cart create X' }

const anything = fc.jsonValue({ maxDepth: 2 })

/** Nearly an order: each of its fields may be missing, or anything. */
function nearly(fields: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<unknown> {
  const mixed = Object.entries(fields).map(([name, value]) => {
    const none = { weight: 1, arbitrary: fc.constant(undefined) }
    const other = { weight: 1, arbitrary: anything }
    return [name, fc.oneof({ weight: 18, arbitrary: value }, other, none)] as const
  })
  return fc.record(Object.fromEntries(mixed))
}

const text = fc.string({ unit: 'binary', maxLength: 300 })
const item = nearly({ itemId: text, quantity: fc.double({ noNaN: true }), price: fc.double() })
const order = nearly({
  orderId: text,
  customerId: text,
  orderDate: text,
  status: fc.constantFrom('pending', 'shipped', '\u{1b}[2J'),
  totalAmount: fc.double({ noNaN: true }),
  currency: fc.oneof(fc.constantFrom('EUR', 'JPY', 'KWD'), text),
  items: fc.array(fc.oneof(item, anything), { maxLength: 3 }),
})

test('whatever answers a change, the command ends with its code', () => {
  const status = fc.constantFrom(200, 201, 302, 409, 429, 500, 503)
  const body = fc.oneof(
    fc.record({ data: order }),
    nearly({ code: text, detail: text, errors: anything, outcome: anything }),
    anything,
  )
  const property = fc.property(status, body, fc.boolean(), (httpStatus, value, isJson) => {
    const answer = { status: httpStatus, headers: new Headers() }
    const result = readResult(answer, JSON.stringify(value))
    const print = { out: () => {}, progress: () => {} }
    const code = reportChange(result, { ...SENT, done: 'created', isJson }, print)
    assert.ok([0, 1, 2].includes(code))
  })
  fc.assert(property, { seed: SEED, numRuns: RUNS })
})

test('whatever is taken for an order can be shown', () => {
  const paint = paintFor(new PassThrough())
  let shown = 0
  const property = fc.property(order, (value) => {
    if (!isListedOrder(value)) return
    shown += 1
    describeOrder(value, 1, paint)
    createOrderRows(paint, 80)([value])
  })
  fc.assert(property, { seed: SEED, numRuns: RUNS })
  assert.ok(shown > RUNS / 20)
})
