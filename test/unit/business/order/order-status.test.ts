import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allowedNextStatuses } from '../../../../src/business/order/order-status.ts'
import { ORDER_STATUSES } from '../../../../src/models/order.ts'

test('by default any status may follow any other, itself included', () => {
  for (const current of ORDER_STATUSES) {
    assert.deepEqual(allowedNextStatuses('any', current), ORDER_STATUSES)
  }
})

test('the lifecycle goes forward, and cancels only before shipping', () => {
  assert.deepEqual(allowedNextStatuses('lifecycle', 'pending'), ['confirmed', 'cancelled'])
  assert.deepEqual(allowedNextStatuses('lifecycle', 'confirmed'), ['shipped', 'cancelled'])
  assert.deepEqual(allowedNextStatuses('lifecycle', 'shipped'), ['delivered'])
  assert.deepEqual(allowedNextStatuses('lifecycle', 'delivered'), [])
  assert.deepEqual(allowedNextStatuses('lifecycle', 'cancelled'), [])
})
