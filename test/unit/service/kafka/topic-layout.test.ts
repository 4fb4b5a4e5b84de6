import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  newestLayout,
  type PartitionLeader,
  type TopicLayout,
} from '../../../../src/service/kafka/topic-layout.ts'

const TOPIC = 'f1b8a7e0-0000-4000-8000-000000000001'
const TOPIC_MADE_ANEW = 'f1b8a7e0-0000-4000-8000-000000000002'
const NO_ID = '00000000-0000-0000-0000-000000000000'

function leader(port: number, epoch: number): PartitionLeader {
  return { broker: { host: 'broker', port }, epoch }
}

function layout(
  topicId: string,
  ...leaders: ReadonlyArray<PartitionLeader | undefined>
): TopicLayout {
  return { topicId, partitionCount: leaders.length, leaders }
}

test('the first answer is taken as it is', () => {
  const answer = layout(TOPIC, leader(1, 4))
  assert.equal(newestLayout(undefined, answer), answer)
})

test('a newer answer brings new leaders and new partitions', () => {
  const answer = layout(TOPIC, leader(2, 5), leader(1, 0))
  assert.deepEqual(newestLayout(layout(TOPIC, leader(1, 4)), answer), answer)
})

test('an older answer takes no leader back, partition by partition', () => {
  const before = layout(TOPIC, leader(1, 4), leader(2, 7))
  const answer = layout(TOPIC, leader(2, 3), leader(3, 8))
  assert.deepEqual(newestLayout(before, answer), layout(TOPIC, leader(1, 4), leader(3, 8)))
})

test('an older answer takes no partition back', () => {
  const before = layout(TOPIC, leader(1, 4), leader(2, 7))
  const answer = layout(TOPIC, leader(1, 4))
  const { partitionCount } = newestLayout(before, answer)
  assert.equal(partitionCount, 2)
})

test('a leader that has lost its office is gone while an election runs', () => {
  const before = layout(TOPIC, leader(1, 4))
  assert.deepEqual(newestLayout(before, layout(TOPIC, undefined)).leaders, [undefined])
})

test('a topic that was made anew begins again, with fewer partitions and lower epochs', () => {
  const answer = layout(TOPIC_MADE_ANEW, leader(1, 0))
  assert.equal(newestLayout(layout(TOPIC, leader(1, 4), leader(2, 7)), answer), answer)
})

test('of a topic without an id the last answer counts: nothing says whether it is the same', () => {
  const answer = layout(NO_ID, leader(1, 0))
  assert.equal(newestLayout(layout(NO_ID, leader(1, 4)), answer), answer)
})
