import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isWanted, keepNewest, mergeRecords, ROWS_MAX } from '../../../src/console/event-records.ts'
import type { TopicRecord } from '../../../src/console/topic-record.ts'

const ALL = { search: '', status: '' }
const SHIPPED = { search: '', status: 'shipped' }

function record(offset: number, status: string): TopicRecord {
  const time = new Date(offset * 1000).toISOString()
  const key = `ORD-${offset}`
  return { partition: 0, offset, time, key, happened: 'created', status, version: 1 }
}

/** Newest first. */
function flood(count: number, firstOffset: number): TopicRecord[] {
  return Array.from({ length: count }, (_, index) =>
    record(firstOffset + index, 'pending'),
  ).toReversed()
}

function offsetsOf(records: readonly TopicRecord[]): number[] {
  return records.map(({ offset }) => offset)
}

test('keeps what the filters want, however many records that they hide are newer', () => {
  const few = [record(2, 'shipped'), record(1, 'shipped')]
  const kept = mergeRecords(flood(5 * ROWS_MAX, 10), few, SHIPPED)
  assert.deepEqual(offsetsOf(kept.filter((one) => isWanted(one, SHIPPED))), [2, 1])
})

test('says by one more than are shown that there are more, and keeps no more than twice that', () => {
  const kept = keepNewest(flood(5 * ROWS_MAX, 10), ALL)
  assert.equal(kept.length, ROWS_MAX + 1)
  assert.equal(kept[0]?.offset, 5 * ROWS_MAX + 9)
  const older = Array.from({ length: 5 * ROWS_MAX }, (_, index) => record(9 - index, 'shipped'))
  const both = keepNewest([...flood(5 * ROWS_MAX, 10), ...older], SHIPPED)
  assert.equal(both.filter((one) => isWanted(one, SHIPPED)).length, ROWS_MAX + 1)
  assert.equal(both.length, 2 * (ROWS_MAX + 1))
})

test('has each record once, newest first', () => {
  const merged = mergeRecords([record(3, 'pending'), record(2, 'pending')], flood(3, 1), ALL)
  assert.deepEqual(offsetsOf(merged), [3, 2, 1])
})
