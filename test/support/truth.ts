import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import type { JournalEntry } from './order-load.ts'
import type { ReadRecord } from './read-topic.ts'

/**
 * Compares what the service said, what is on the topic and what is in its store. Every difference is
 * a lie of the service.
 */
export function assertTruth(
  journal: readonly JournalEntry[],
  records: readonly ReadRecord[],
  databasePath: string,
): void {
  assertTopicOrdered(records)
  assertRepliesTrue(journal, records)
  assertStoreAgrees(records, databasePath)
}

function assertTopicOrdered(records: readonly ReadRecord[]): void {
  const eventIds = new Set(records.map(({ headers }) => headers['ce_id']))
  assert.equal(eventIds.size, records.length, 'no event stands on the topic twice')
  const latest = new Map<string, { version: number; partition: number }>()
  for (const { key, partition, headers } of records) {
    const before = latest.get(key)
    const version = Number(headers['ce_sequence'])
    assert.equal(
      version,
      (before?.version ?? 0) + 1,
      `versions of ${key} are in order, without gap`,
    )
    assert.equal(partition, before?.partition ?? partition, `${key} is in one partition`)
    latest.set(key, { version, partition })
  }
}

function assertRepliesTrue(journal: readonly JournalEntry[], records: readonly ReadRecord[]): void {
  const counts = new Map<string, number>()
  for (const { headers } of records) {
    const traceparent = headers['traceparent'] ?? ''
    counts.set(traceparent, (counts.get(traceparent) ?? 0) + 1)
  }
  for (const entry of journal) {
    const count = counts.get(entry.traceparent) ?? 0
    const isConfirmed = entry.status === 200 || entry.status === 201
    const isOpen = entry.status === 0 || entry.outcome === 'unknown'
    const said = `${entry.kind} of ${entry.orderId} was answered ${entry.status} ${entry.outcome ?? ''}`
    if (isConfirmed) assert.equal(count, 1, `${said}and is not on the topic`)
    else if (isOpen) assert.ok(count <= 1, `${said} and is on the topic ${count} times`)
    else assert.equal(count, 0, `${said} and is on the topic`)
    assert.notEqual(entry.status, 500, said)
  }
}

function assertStoreAgrees(records: readonly ReadRecord[], databasePath: string): void {
  using database = new DatabaseSync(databasePath, { readOnly: true })
  const pending = database
    .prepare('SELECT count(*) AS count FROM order_events WHERE topic_offset IS NULL')
    .get()
  assert.equal(pending?.['count'], 0, 'nothing is left pending')
  const stored = database
    .prepare('SELECT event_id, topic_partition, topic_offset FROM order_events')
    .all()
  const places = new Map(
    stored.map((row) => [
      row['event_id'],
      `${String(row['topic_partition'])}@${String(row['topic_offset'])}`,
    ]),
  )
  assert.equal(places.size, records.length, 'the store has as many events as the topic')
  for (const { headers, partition, offset } of records) {
    assert.equal(
      places.get(headers['ce_id'] ?? ''),
      `${partition}@${offset}`,
      'the store knows its place',
    )
  }
}
