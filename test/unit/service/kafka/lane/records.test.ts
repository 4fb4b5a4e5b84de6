import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEntry } from '../../../../../src/service/kafka/lane/entry.ts'
import { createRecords } from '../../../../../src/service/kafka/lane/records.ts'
import { somePending } from '../../../../support/some-event.ts'

test('a first request is dated as its event, a later one by its sending, and none ahead of now', () => {
  const entry = createEntry(somePending({}), Infinity, () => {})
  const time = Date.parse(entry.pending.event.time)
  const dateOf = (isFirst: boolean, nowMs: number): unknown =>
    createRecords({ topic: 't', partition: 0 }, [entry], isFirst, new Date(nowMs))[0]?.timestamp
  assert.equal(dateOf(true, time + 5_000), BigInt(time))
  assert.equal(dateOf(false, time + 5_000), BigInt(time + 5_000))
  assert.equal(dateOf(true, time - 5_000), BigInt(time - 5_000))
})

test('a record belongs to the partition of its lane, wherever its event was stored for', () => {
  const pending = { ...somePending({}), partition: 5 }
  const records = createRecords(
    { topic: 't', partition: 1 },
    [createEntry(pending, Infinity, () => {})],
    false,
    new Date(),
  )
  assert.equal(records[0]?.partition, 1)
})
