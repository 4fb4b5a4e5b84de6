import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countFitting, sequenceAfter } from '../../../../../src/service/kafka/lane/batch-size.ts'
import { createEntry, type LaneEntry } from '../../../../../src/service/kafka/lane/entry.ts'
import { somePending } from '../../../../support/some-event.ts'

function entries(count: number, valueBytes = 100): LaneEntry[] {
  return Array.from({ length: count }, () =>
    createEntry(somePending({ valueBytes }), Infinity, () => {}),
  )
}

test('a batch is bounded by count', () => {
  assert.equal(countFitting(entries(1_200), Infinity), 500)
  assert.equal(countFitting(entries(1_200), 7), 7)
  assert.equal(countFitting([], 7), 0)
})

test('a batch is bounded by bytes, so that a broker with default settings takes it', () => {
  assert.equal(countFitting(entries(10, 300_000), Infinity), 2)
})

test('headers count as they are, so that long ids do not make a batch that no broker takes', () => {
  const orderId = '\u{1F6D2}'.repeat(255) as never
  const long = entries(500).map((entry) =>
    createEntry(somePending({ orderId }), entry.deadlineMs, entry.resolve),
  )
  const count = countFitting(long, Infinity)
  const bytes = long.slice(0, count).reduce((sum, entry) => sum + entry.bytes, 0)
  assert.ok(bytes < 1_000_000, `${count} events take ${bytes} bytes`)
  assert.ok(count < 500)
})

test('an event larger than the bound goes alone instead of never', () => {
  assert.equal(countFitting([...entries(1, 2_000_000), ...entries(1)], Infinity), 1)
})

test('sequence numbers continue at 0 after the last one', () => {
  assert.equal(sequenceAfter(2 ** 31 - 2, 1), 2 ** 31 - 1)
  assert.equal(sequenceAfter(2 ** 31 - 2, 3), 1)
})
