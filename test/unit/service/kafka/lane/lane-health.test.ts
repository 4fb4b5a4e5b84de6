import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OrderId } from '../../../../../src/models/order.ts'
import { createEntry } from '../../../../../src/service/kafka/lane/entry.ts'
import { describeLanes } from '../../../../../src/service/kafka/lane/lane-health.ts'
import { somePending } from '../../../../support/some-event.ts'

function lane(partition: number, parts: { reason?: string; parked?: readonly string[] } = {}) {
  const { reason, parked = [] } = parts
  return {
    partition,
    trouble: reason,
    parked: parked.map((orderId) => ({
      ...createEntry(somePending({ orderId: orderId as OrderId, partition }), Infinity, () => {}),
      refusal: 'MESSAGE_TOO_LARGE',
    })),
  }
}

test('all lanes take changes: up', () => {
  assert.deepEqual(describeLanes([lane(0), lane(1)], undefined), { status: 'up' })
})

test('one lane of three takes nothing: degraded, and the sentence names it', () => {
  assert.deepEqual(
    describeLanes([lane(0), lane(1, { reason: 'its leader does not answer' }), lane(2)], undefined),
    { status: 'degraded', reason: 'partition 1 takes no events: its leader does not answer' },
  )
})

test('lanes with the same trouble share a sentence, others have their own', () => {
  const lanes = [
    lane(0, { reason: 'silent' }),
    lane(1),
    lane(2, { reason: 'silent' }),
    lane(3, { reason: 'refused' }),
  ]
  assert.equal(
    describeLanes(lanes, undefined).reason,
    'partitions 0, 2 take no events: silent; partition 3 takes no events: refused',
  )
})

test('no lane takes anything: down', () => {
  assert.deepEqual(
    describeLanes([lane(0, { reason: 'silent' }), lane(1, { reason: 'silent' })], undefined),
    { status: 'down', reason: 'partitions 0, 1 take no events: silent' },
  )
})

test('where no lane takes anything and no broker answers, the brokers are the reason', () => {
  assert.deepEqual(describeLanes([lane(0, { reason: 'silent' })], 'ECONNREFUSED'), {
    status: 'down',
    reason: 'ECONNREFUSED',
  })
})

test('before the first answer of a broker there is no lane: down', () => {
  assert.deepEqual(describeLanes([], 'has not answered yet'), {
    status: 'down',
    reason: 'has not answered yet',
  })
})

test('no lane at all: down, and the sentence is not empty', () => {
  assert.deepEqual(describeLanes([], undefined), { status: 'down', reason: 'no lane is open yet' })
})

test('lanes that work while the metadata cannot be had: degraded', () => {
  assert.deepEqual(describeLanes([lane(0)], 'ECONNREFUSED'), {
    status: 'degraded',
    reason: 'ECONNREFUSED',
  })
})

test('an event that was set aside: degraded, and its order is named', () => {
  const { status, reason } = describeLanes([lane(0, { parked: ['ORD-1'] }), lane(1)], undefined)
  assert.equal(status, 'degraded')
  assert.match(reason ?? '', /^an event is set aside, .*: order 'ORD-1' \(MESSAGE_TOO_LARGE\)$/)
})

test('of many events that were set aside three are named, and the others counted', () => {
  const parked = ['ORD-1', 'ORD-2', 'ORD-3', 'ORD-4', 'ORD-5']
  assert.match(
    describeLanes([lane(0, { parked })], undefined).reason ?? '',
    /^5 events are set aside, .*: order 'ORD-1' \(.*\), 'ORD-2' \(.*\), 'ORD-3' \(.*\) and 2 more$/,
  )
})
