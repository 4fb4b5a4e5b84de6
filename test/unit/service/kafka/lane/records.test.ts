import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEntry } from '../../../../../src/service/kafka/lane/entry.ts'
import { dateEvents } from '../../../../../src/service/kafka/lane/records.ts'
import { somePending } from '../../../../support/some-event.ts'

test('a first request is dated as its event, a later one by its sending, and none ahead of now', () => {
  const entry = createEntry(somePending({}), Infinity, () => {})
  const time = Date.parse(entry.pending.event.time)
  const dateOf = (isFirst: boolean, nowMs: number): unknown =>
    dateEvents([entry], isFirst, nowMs)[0]?.timestampMs
  assert.equal(dateOf(true, time + 5_000), time)
  assert.equal(dateOf(false, time + 5_000), time + 5_000)
  assert.equal(dateOf(true, time - 5_000), time - 5_000)
})
