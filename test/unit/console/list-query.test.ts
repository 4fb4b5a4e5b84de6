import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NO_FILTERS } from '../../../src/console/address.ts'
import type { Order } from '../../../src/console/order-json.ts'
import { hasFilters, matcherOf, ordersQuery } from '../../../src/console/list-query.ts'

const ORDER: Order = {
  orderId: 'ORD-17',
  customerId: 'CUST-4',
  orderDate: new Date(2026, 0, 31, 23, 59).toISOString(),
  items: [],
  totalAmount: 1,
  currency: 'USD',
  status: 'shipped',
}

test('the filters ask the API for what they let in live', () => {
  const filters = { search: 'ORD-1', status: 'shipped', customer: 'CUST-4', from: '', to: '' }
  assert.equal(
    ordersQuery(filters, 'orderId').toString(),
    'orderId=ORD-1&status=shipped&customerId=CUST-4',
  )
  const wanted = matcherOf(filters, 'orderId')
  assert.equal(wanted(ORDER), true)
  for (const other of [{ orderId: 'XORD-1' }, { status: 'pending' }, { customerId: 'CUST-40' }]) {
    assert.equal(wanted({ ...ORDER, ...other }), false, JSON.stringify(other))
  }
})

test('a search for a customer wants the whole id', () => {
  const filters = { ...NO_FILTERS, search: 'CUST-4' }
  assert.equal(ordersQuery(filters, 'customerId').toString(), 'customerId=CUST-4')
  const wanted = matcherOf(filters, 'customerId')
  assert.deepEqual([wanted(ORDER), wanted({ ...ORDER, customerId: 'CUST-44' })], [true, false])
})

test('both days are within, by the clock of the reader', () => {
  const filters = { ...NO_FILTERS, from: '2026-01-31', to: '2026-01-31' }
  const query = ordersQuery(filters, 'orderId')
  assert.equal(query.get('from'), new Date(2026, 0, 31).toISOString())
  assert.equal(query.get('to'), new Date(2026, 1, 1).toISOString())
  const wanted = matcherOf(filters, 'orderId')
  const noons = [30, 31, 32].map((day) => new Date(2026, 0, day, 12).toISOString())
  assert.deepEqual(
    noons.map((orderDate) => wanted({ ...ORDER, orderDate })),
    [false, true, false],
  )
})

test('what is no day filters nothing', () => {
  const filters = { ...NO_FILTERS, from: 'soon' }
  assert.equal(ordersQuery(filters, 'orderId').toString(), '')
  assert.equal(hasFilters(NO_FILTERS), false)
})
