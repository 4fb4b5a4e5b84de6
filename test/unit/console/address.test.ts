import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readPlace, writePlace, type Place } from '../../../src/console/address.ts'

const PLACE: Place = {
  view: 'events',
  order: 'a%2Fb &=#/../ü\u202E',
  isPaused: true,
  search: 'ORD-1+2',
  status: 'shipped',
  customer: 'CUST 7',
  from: '2026-01-01',
  to: '2026-01-31',
}

test('an address says all that is shown, whatever the ids are', () => {
  assert.deepEqual(readPlace(writePlace(PLACE)), PLACE)
})

test('an address without anything shows all orders, as does one that this page did not make', () => {
  const nothing = readPlace('')
  assert.deepEqual(readPlace('#view=secrets&x=1'), nothing)
  assert.deepEqual([nothing.view, nothing.order, nothing.isPaused], ['orders', '', false])
  assert.equal(writePlace(nothing), '#')
})
