import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRecordsBatch, NumericMap } from '@platformatic/kafka'
import * as fc from 'fast-check'
import { isOrderId } from '../../../../src/models/order.ts'
import { eventHeaders } from '../../../../src/service/kafka/event-headers.ts'
import { recordBytesMax } from '../../../../src/service/kafka/record-size.ts'
import { writeBatch, type DatedEvent } from '../../../../src/service/kafka/record-writer.ts'
import { somePending } from '../../../support/some-event.ts'

const TIME_MS = 1_800_000_000_000
/** Times further from each other than 24 days are written wrongly by the client library (2.12.1). */
const TIMES_APART_MS_MAX = 2 ** 31 - 1

const events: fc.Arbitrary<DatedEvent> = fc
  .record({
    orderId: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 255 }).filter(isOrderId),
    version: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    type: fc.constantFrom('order-created', 'order-status-changed'),
    traceparent: fc.option(fc.constant(`00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`)),
    valueBytes: fc.oneof(fc.nat(200), fc.integer({ min: 7_600, max: 8_300 })),
    timestampMs: fc.nat(TIMES_APART_MS_MAX).map((ms) => TIME_MS + ms),
  })
  .map(({ traceparent, timestampMs, ...parts }) => {
    const pending = somePending(traceparent === null ? parts : { ...parts, traceparent })
    return { pending, timestampMs, bytes: recordBytesMax(pending) }
  })

const numbers = fc.record({
  id: fc.nat(Number.MAX_SAFE_INTEGER),
  epoch: fc.nat(2 ** 15 - 1),
  firstSequence: fc.nat(2 ** 31 - 1),
})

test("a batch is byte for byte what the client library's own writer makes of it", () => {
  const batches = fc.array(events, { minLength: 1, maxLength: 70 })
  fc.assert(
    fc.property(batches, numbers, (batch, { id, epoch, firstSequence }) => {
      const place = { topic: 'orders', partition: 3 }
      const messages = batch.map(({ pending: { event, encoded }, timestampMs }) => ({
        ...place,
        key: Buffer.from(encoded.key),
        value: Buffer.from(encoded.value),
        headers: eventHeaders(event),
        timestamp: BigInt(timestampMs),
      }))
      const expected = createRecordsBatch(messages, {
        producerId: BigInt(id),
        producerEpoch: epoch,
        sequences: new NumericMap([['orders:3', firstSequence]]),
      })
      assert.deepEqual(writeBatch(batch, { id, epoch, firstSequence }), expected.buffer)
    }),
    { numRuns: 50 },
  )
})
