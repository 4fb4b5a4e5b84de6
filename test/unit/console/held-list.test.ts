import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Order } from '../../../src/console/order-json.ts'
import { HeldList, ROWS_MAX } from '../../../src/console/held-list.ts'

function order(number: number, status = 'pending'): Order {
  const orderDate = new Date(Date.UTC(2026, 0, 1) + number * 1_000).toISOString()
  const orderId = `ORD-${number}`
  const common = { items: [], totalAmount: 1, currency: 'USD' }
  return { orderId, customerId: 'CUST-1', orderDate, status, ...common }
}

function filled(numbers: readonly number[], nextCursor: string | null = null): HeldList {
  const list = new HeldList()
  list.beginReading(() => true)
  list.replace({ data: numbers.map((number) => order(number)), nextCursor })
  return list
}

function shown(list: HeldList): string[] {
  return list.rows.map(({ orderId, status }) => `${orderId} ${status}`)
}

test('rows keep their places while orders come and change, until they are let in', () => {
  const list = filled([3, 2, 1])
  assert.equal(list.apply(order(2, 'shipped')), true)
  assert.equal(list.apply(order(4)), false)
  assert.equal(list.apply(order(5)), false)
  assert.deepEqual(shown(list), ['ORD-3 pending', 'ORD-2 shipped', 'ORD-1 pending'])
  assert.equal(list.waitingCount, 2)
  list.release()
  assert.deepEqual(
    list.rows.map(({ orderId }) => orderId),
    ['ORD-5', 'ORD-4', 'ORD-3', 'ORD-2', 'ORD-1'],
  )
  assert.equal(list.waitingCount, 0)
})

test('an order that the filter does not want any more stays until others are let in', () => {
  const list = new HeldList()
  list.beginReading(({ status }) => status === 'pending')
  list.replace({ data: [order(2), order(1)], nextCursor: null })
  list.apply(order(2, 'shipped'))
  list.apply(order(3, 'shipped'))
  assert.deepEqual(shown(list), ['ORD-2 shipped', 'ORD-1 pending'])
  assert.equal(list.waitingCount, 0)
  list.release()
  assert.deepEqual(shown(list), ['ORD-1 pending'])
})

test('an order that waits and is not wanted any more waits no longer', () => {
  const list = new HeldList()
  list.beginReading(({ status }) => status === 'pending')
  list.replace({ data: [], nextCursor: null })
  list.apply(order(1))
  assert.equal(list.waitingCount, 1)
  list.apply(order(1, 'shipped'))
  assert.equal(list.waitingCount, 0)
})

test('what came live while a page was read is newer than the page', () => {
  const list = new HeldList()
  list.beginReading(() => true)
  list.apply(order(1, 'shipped'))
  list.apply(order(3))
  list.replace({ data: [order(2), order(1)], nextCursor: null })
  assert.deepEqual(shown(list), ['ORD-3 pending', 'ORD-2 pending', 'ORD-1 shipped'])
})

test('an order beyond the last row does not come in while there are more between', () => {
  const list = filled([12, 11], 'more')
  list.apply(order(1, 'shipped'))
  assert.equal(list.waitingCount, 0)
  const whole = filled([12, 11])
  whole.apply(order(1, 'shipped'))
  whole.release()
  assert.equal(whole.rows.at(-1)?.orderId, 'ORD-1')
})

test('rows and orders that wait are bounded, and it is known what was lost', () => {
  const list = filled([1])
  for (let number = 2; number <= ROWS_MAX + 2; number += 1) list.apply(order(number))
  assert.deepEqual([list.waitingCount, list.hasLost], [ROWS_MAX, true])
  const full = filled(Array.from({ length: ROWS_MAX }, (_, index) => ROWS_MAX - index))
  full.apply(order(1_000))
  full.release()
  assert.deepEqual([full.rows.length, full.isCut, full.hasOlder], [ROWS_MAX, true, true])
})

test('older pages push the newest out; what is new then waits until the newest are read', () => {
  const numbers = Array.from({ length: ROWS_MAX }, (_, index) => 2_000 - index)
  const list = filled(numbers, 'more')
  list.append({ data: [order(50), order(49)], nextCursor: null })
  assert.deepEqual(
    [list.rows.length, list.isPast, list.rows.at(-1)?.orderId],
    [200, true, 'ORD-49'],
  )
  list.apply(order(3_000))
  list.release()
  assert.deepEqual([list.waitingCount, list.rows[0]?.orderId], [1, 'ORD-1998'])
})
