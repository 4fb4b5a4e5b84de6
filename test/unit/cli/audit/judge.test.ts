import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Audit, type TopicEvent } from '../../../../src/cli/audit/judge.ts'
import type { StoredEvent } from '../../../../src/service/storage/store-facts.ts'

const value = Buffer.from('the order')

function stored(version: number, offset: number | undefined): StoredEvent {
  const position = offset === undefined ? undefined : { partition: 0, offset }
  const common = { eventId: `event-${version}`, orderId: 'ORD-1', version, position }
  return { ...common, value, isErased: false }
}

function record(version: number, offset: number): TopicEvent {
  return {
    eventId: `event-${version}`,
    orderId: 'ORD-1',
    value,
    position: { partition: 0, offset },
  }
}

function kindsFound(events: readonly StoredEvent[], records: readonly TopicEvent[]): string[] {
  const audit = new Audit([{ first: 0, end: 100 }], String)
  for (const event of events) audit.addStored(event)
  for (const one of records) audit.addRecord(one)
  return audit.report().differences.map(({ kind }) => kind)
}

test('a topic with what the store holds, in order, agrees', () => {
  const audit = new Audit([{ first: 0, end: 100 }], String)
  audit.addStored(stored(1, 0))
  audit.addStored(stored(2, 5))
  audit.addRecord(record(1, 0))
  audit.addRecord(record(2, 5))
  assert.deepEqual(audit.report(), {
    storedCount: 2,
    pendingCount: 0,
    topicCount: 2,
    expiredCount: 0,
    shortenedCount: 0,
    retiredCount: 0,
    erasedCount: 0,
    tombstoneCount: 0,
    compactedCount: 0,
    differences: [],
  })
})

test('a pending event is no difference, whether it is on the topic yet or not', () => {
  assert.deepEqual(kindsFound([stored(1, undefined)], []), [])
  assert.deepEqual(kindsFound([stored(1, undefined)], [record(1, 0)]), [])
})

test('an event settled above the compared end is left to the next audit', () => {
  assert.deepEqual(kindsFound([stored(1, 100)], []), [])
  assert.deepEqual(kindsFound([stored(1, 99)], []), ['missing'])
})

test('what the store does not know is reported, with or without an event id', () => {
  assert.deepEqual(kindsFound([], [record(1, 0)]), ['unknown'])
  const stranger = {
    eventId: undefined,
    orderId: undefined,
    value,
    position: { partition: 0, offset: 0 },
  }
  assert.deepEqual(kindsFound([], [stranger]), ['unknown'])
})

test('a second copy is reported, and does not count as another version', () => {
  assert.deepEqual(kindsFound([stored(1, 0)], [record(1, 0), record(1, 1)]), ['repeated'])
})

test('another place and other bytes are reported', () => {
  assert.deepEqual(kindsFound([stored(1, 7)], [record(1, 0)]), ['misplaced'])
  const altered = { ...record(1, 0), value: Buffer.from('another order') }
  assert.deepEqual(kindsFound([stored(1, 0)], [altered]), ['altered'])
})

test('versions out of order and versions left out are told apart', () => {
  const both = [stored(1, 1), stored(2, 0)]
  assert.deepEqual(kindsFound(both, [record(2, 0), record(1, 1)]), ['gap', 'out-of-order'])
  assert.deepEqual(kindsFound([stored(1, 0), stored(3, 1)], [record(1, 0), record(3, 1)]), ['gap'])
})

test('what Kafka has deleted by its retention is counted, and neither missing nor a gap', () => {
  const audit = new Audit([{ first: 50, end: 100 }], String)
  for (const event of [stored(1, 48), stored(2, 49), stored(3, 50), stored(4, 99)]) {
    audit.addStored(event)
  }
  audit.addRecord(record(3, 50))
  const { expiredCount, differences } = audit.report()
  assert.equal(expiredCount, 2)
  assert.deepEqual(
    differences.map(({ kind, version }) => [kind, version]),
    [['missing', 4]],
  )
})

test('an order without its first events is one of a topic that has lost its beginning, and no gap', () => {
  const audit = new Audit([{ first: 3, end: 100 }], String)
  for (const [version, offset] of [
    [2, 4],
    [3, 5],
    [5, 6],
  ] as const) {
    audit.addStored(stored(version, offset))
    audit.addRecord(record(version, offset))
  }
  const { shortenedCount, differences } = audit.report()
  assert.equal(shortenedCount, 1)
  assert.deepEqual(
    differences.map(({ kind, version }) => [kind, version]),
    [['gap', 5]],
  )
})

test('events of retired orders are counted, and are no difference', () => {
  const audit = new Audit([{ first: 0, end: 100 }], String)
  audit.addRetired(new Set(['ORD-1']))
  audit.addRecord(record(1, 0))
  audit.addRecord({ ...record(1, 1), orderId: 'ORD-2' })
  const { retiredCount, differences } = audit.report()
  assert.equal(retiredCount, 1)
  assert.deepEqual(
    differences.map(({ kind, position }) => [kind, position.offset]),
    [['unknown', 1]],
  )
})

function erased(version: number, offset: number): StoredEvent {
  return { ...stored(version, offset), value: Buffer.alloc(0), isErased: true }
}

const TOMBSTONE: TopicEvent = { ...record(9, 9), eventId: 'none', isTombstone: true }

test('of an erased order the bytes of earlier events are gone, and its tombstones belong to it', () => {
  const audit = new Audit([{ first: 0, end: 100 }], String)
  for (const event of [erased(1, 0), erased(2, 5), { ...stored(3, 6), isErased: true }]) {
    audit.addStored(event)
  }
  for (const one of [record(1, 0), record(2, 5), record(3, 6), TOMBSTONE, TOMBSTONE]) {
    audit.addRecord(one)
  }
  const { differences, erasedCount, tombstoneCount } = audit.report()
  assert.deepEqual([differences, erasedCount, tombstoneCount], [[], 2, 2])
})

test('a tombstone of an order that was not erased is a difference, and of a retired one none', () => {
  assert.deepEqual(kindsFound([stored(1, 0)], [record(1, 0), TOMBSTONE]), ['unknown'])
  const audit = new Audit([{ first: 0, end: 100 }], String)
  audit.addRetired(new Set(['ORD-1']))
  audit.addRecord(TOMBSTONE)
  assert.deepEqual(audit.report().differences, [])
})

function judgeCompacted(events: readonly StoredEvent[], records: readonly TopicEvent[]) {
  const audit = new Audit([{ first: 0, end: 100 }], String, true)
  for (const event of events) audit.addStored(event)
  for (const one of records) audit.addRecord(one)
  const { differences, compactedCount } = audit.report()
  return [differences.map(({ kind }) => kind), compactedCount]
}

test('a compacted topic may lack what later records of an order stand for, and nothing else', () => {
  const events = [stored(1, 0), stored(2, 5), stored(3, 6)]
  assert.deepEqual(judgeCompacted(events, [record(1, 0), record(3, 6)]), [[], 1])
  assert.deepEqual(judgeCompacted(events, [record(1, 0), record(2, 5)]), [['missing'], 0])
  // Its tombstone is gone, too.
  assert.deepEqual(judgeCompacted([erased(1, 0), { ...stored(2, 5), isErased: true }], []), [[], 2])
})
