import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { widthOf } from '../../../../src/cli/layout.ts'
import { createOrderRows, type ListedOrder } from '../../../../src/cli/orders/order-rows.ts'
import { paintFor } from '../../../../src/cli/paint.ts'

const plain = paintFor(new PassThrough())

const order: ListedOrder = {
  orderId: 'ORD-1',
  customerId: 'CUST-4711',
  orderDate: '2026-01-31T12:00:00.000Z',
  items: [],
  totalAmount: 548.5,
  currency: 'EUR',
  status: 'pending',
}

test('an order is a line below a header', () => {
  const rows = createOrderRows(plain, 80)
  assert.deepEqual(rows([order]), [
    'order  customer   status        total  ordered (UTC)',
    'ORD-1  CUST-4711  pending  548.50 EUR  2026-01-31 12:00',
  ])
  assert.deepEqual(rows([order]).length, 1, 'the header comes once')
  assert.deepEqual(createOrderRows(plain, 80)([]), [])
})

test('no line is wider than the terminal, and of an order only its ids are cut', () => {
  const long = {
    ...order,
    orderId: `ORD-${'1'.repeat(60)}`,
    customerId: `客${'2'.repeat(60)}`,
    totalAmount: 123456789.5,
    status: 'cancelled',
  }
  for (const columns of [80, 120]) {
    const lines = createOrderRows(plain, columns)([order, long])
    for (const line of lines) assert.ok(widthOf(line) <= columns, line)
    assert.match(lines[2] ?? '', /^ORD-1+… .*… +cancelled  123456789\.50 EUR  2026-01-31 12:00$/)
  }
  const whole = createOrderRows(plain, Infinity)([long])
  assert.ok(whole[1]?.startsWith(`${long.orderId}  ${long.customerId}`))
})
