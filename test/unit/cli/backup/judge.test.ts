import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findLosses, findMismatch } from '../../../../src/cli/backup/judge.ts'
import type { TopicMarks } from '../../../../src/service/kafka/topic-marks.ts'

const MARKS: TopicMarks = {
  clusterId: 'cluster',
  topic: 'orders',
  topicId: 'one',
  ranges: [
    { first: 0, end: 10 },
    { first: 5, end: 20 },
  ],
}

test('a backup belongs to its cluster, its topic, and one that has not become shorter', () => {
  assert.equal(findMismatch(MARKS, MARKS), undefined)
  const grown = [...MARKS.ranges, { first: 0, end: 1 }].map(({ first, end }) => {
    return { first: first + 5, end: end + 5 }
  })
  assert.equal(findMismatch(MARKS, { ...MARKS, ranges: grown }), undefined)
  const others: ReadonlyArray<readonly [Partial<TopicMarks>, RegExp]> = [
    [{ clusterId: 'other' }, /Kafka cluster cluster, and the settings lead to other/],
    [{ topic: 'other' }, /topic orders, and the settings lead to other/],
    [{ topicId: 'two' }, /made anew/],
    [{ ranges: [{ first: 0, end: 9 }] }, /Partition 0 .* ended at 10 .* ends at 9/],
    [{ ranges: [{ first: 0, end: 10 }] }, /Partition 1 .* ended at 20 .* ends at 0/],
  ]
  for (const [now, expected] of others) {
    assert.match(findMismatch(MARKS, { ...MARKS, ...now }) ?? '', expected)
  }
})

test('what the topic has lost is a loss where neither the store nor the backup reaches so far', () => {
  const ranges = [
    { first: 0, end: 10 },
    { first: 6, end: 20 },
  ]
  assert.deepEqual(findLosses(ranges, new Map(), undefined), [{ partition: 1, from: 0, to: 6 }])
  assert.deepEqual(findLosses(ranges, new Map([[1, 4]]), undefined), [
    { partition: 1, from: 4, to: 6 },
  ])
  assert.deepEqual(findLosses(ranges, new Map([[1, 6]]), undefined), [])
  assert.deepEqual(findLosses(ranges, new Map([[1, 4]]), MARKS), [])
})
