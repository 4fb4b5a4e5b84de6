import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRecordsBatch, type MessageRecord } from '@platformatic/kafka'
import * as fc from 'fast-check'
import type { PendingEvent } from '../../../../src/models/order-event.ts'
import { isOrderId } from '../../../../src/models/order.ts'
import { eventHeaders } from '../../../../src/service/kafka/event-headers.ts'
import {
  aloneBytes,
  BATCH_HEAD_BYTES,
  findLargeEvents,
  recordBytesMax,
} from '../../../../src/service/kafka/record-size.ts'
import { somePending } from '../../../support/some-event.ts'

const SLACK_BYTES = 12

const events: fc.Arbitrary<PendingEvent> = fc
  .record({
    orderId: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 255 }).filter(isOrderId),
    version: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    type: fc.constantFrom('order-created', 'order-status-changed'),
    principal: fc.option(fc.constant('user:ä')),
    traceparent: fc.option(fc.constant(`00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`)),
    // On both sides of each step that the length of a varint has.
    valueBytes: fc.oneof(
      fc.nat(200),
      fc.integer({ min: 7_600, max: 8_300 }),
      fc.integer({ min: 1_047_000, max: 1_049_000 }),
    ),
  })
  .map(({ traceparent, principal, ...parts }) =>
    somePending({
      ...parts,
      ...(traceparent !== null && { traceparent }),
      ...(principal !== null && { principal }),
    }),
  )

function recordOf({ event, encoded }: PendingEvent, timestampMs: number): MessageRecord {
  return {
    topic: 'orders',
    key: Buffer.from(encoded.key),
    value: Buffer.from(encoded.value),
    headers: eventHeaders(event),
    timestamp: BigInt(timestampMs),
  }
}

test('the size of an event alone is what the client makes of it, to the byte', () => {
  fc.assert(
    fc.property(events, (pending) => {
      assert.equal(aloneBytes(pending), createRecordsBatch([recordOf(pending, 0)]).length)
    }),
  )
})

test('a batch is never larger than its events were taken for, and hardly smaller', () => {
  const times = fc.date({ noInvalidDate: true }).map((date) => date.getTime())
  const dated = fc.array(fc.tuple(events, times), { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(dated, (entries) => {
      const { length } = createRecordsBatch(
        entries.map(([pending, time]) => recordOf(pending, time)),
      )
      const taken = entries.reduce(
        (sum, [pending]) => sum + recordBytesMax(pending),
        BATCH_HEAD_BYTES,
      )
      assert.ok(taken >= length, `${taken} for ${length}`)
      assert.ok(taken <= length + entries.length * SLACK_BYTES, `${taken} for ${length}`)
    }),
    { numRuns: 30 },
  )
})

test('an event is too large from the first byte on that a topic does not allow', () => {
  const [one, other] = [somePending({ version: 1 }), somePending({ version: 2, valueBytes: 9_000 })]
  const bytes = aloneBytes(other)
  const { eventId, order } = other.event
  assert.deepEqual(findLargeEvents([one, other], bytes), [])
  assert.deepEqual(findLargeEvents([one, other], bytes - 1), [
    { orderId: order.orderId, version: 2, eventId, bytes },
  ])
})
