import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bodyOfOptions, listOrderOptions } from '../../../../src/cli/change/order-options.ts'

test('an order without options has three generated items', () => {
  assert.deepEqual(bodyOfOptions('A', {}), { orderId: 'A', numItems: 3 })
  assert.deepEqual(bodyOfOptions('A', { items: '7' }), { orderId: 'A', numItems: 7 })
})

test('every field of an order has an option', () => {
  const options = {
    item: ['LAPTOP:1:499.99', 'urn:item:7:2:24.5'],
    customer: 'CUST-1',
    currency: 'EUR',
    date: '2026-01-31T13:00:00+01:00',
  }
  assert.deepEqual(bodyOfOptions('A', options), {
    orderId: 'A',
    customerId: 'CUST-1',
    orderDate: '2026-01-31T13:00:00+01:00',
    currency: 'EUR',
    items: [
      { itemId: 'LAPTOP', quantity: 1, price: 499.99 },
      { itemId: 'urn:item:7', quantity: 2, price: 24.5 },
    ],
  })
})

test('what breaks a rule is sent as it is: the service has the rules', () => {
  assert.deepEqual(bodyOfOptions('', { items: 'many', item: ['::', 'A:two:-1', 'B:1e3:0x1'] }), {
    orderId: '',
    numItems: 'many',
    items: [
      { itemId: '', quantity: '', price: '' },
      { itemId: 'A', quantity: 'two', price: -1 },
      { itemId: 'B', quantity: '1e3', price: '0x1' },
    ],
  })
})

test('an amount of many digits is sent as it was written, and not as the nearest number', () => {
  const texts = ['70368744177664.01', '0019.990000000000000001', '007', '19.99']
  const body = bodyOfOptions('A', { item: texts.map((text) => `A:1:${text}`) })
  assert.deepEqual(
    [...JSON.stringify(body).matchAll(/"price":([^}]*)/g)].map(([, price]) => price),
    ['70368744177664.01', '19.990000000000000001', '7', '19.99'],
  )
})

test('an item without quantity and price is a wrong call', () => {
  for (const text of ['LAPTOP', 'LAPTOP:1', '']) {
    assert.throws(() => bodyOfOptions('A', { item: [text] }), {
      name: 'UsageError',
      message: `--item must be <id>:<quantity>:<price>, such as ITEM-LAPTOP-123:1:499.99, got '${text}'`,
    })
  }
})

test('the options can be given again', () => {
  assert.deepEqual(listOrderOptions({}), [])
  assert.deepEqual(listOrderOptions({ items: '2', item: ['A:1:2', 'B:1:2'], currency: 'EUR' }), [
    ['items', '2'],
    ['currency', 'EUR'],
    ['item', 'A:1:2'],
    ['item', 'B:1:2'],
  ])
})
