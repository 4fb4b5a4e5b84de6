import assert from 'node:assert/strict'
import { test } from 'node:test'
import { check, type Invariant } from './harness/checker.ts'
import { Journal, type JournalEntry } from './harness/journal.ts'
import type { Observations, StoredEvent, TopicEvent } from './harness/observations.ts'
import type { StoredOrderRow } from './harness/store-reader.ts'
import { tellStory } from './harness/story.ts'

/** Whether the checker sees the lies that it is there for: each test tells one, in a history that is true. */

class History {
  readonly journal = new Journal()
  readonly topic: TopicEvent[] = []
  readonly storedEvents: StoredEvent[] = []
  readonly storedOrders: StoredOrderRow[] = []

  ask(
    orderId: string,
    kind: JournalEntry['kind'],
    answer: Partial<JournalEntry>,
    key?: string,
  ): JournalEntry {
    const entry = this.journal.begin({ orderId, kind, asked: 1, key, instance: 0 })
    const open = { status: 0, code: undefined, outcome: undefined, order: undefined }
    this.journal.end(entry, { ...open, ...answer })
    return entry
  }

  publish(entry: JournalEntry, version: number, changes: Partial<TopicEvent> = {}): TopicEvent {
    const event = {
      eventId: `event-${this.topic.length}`,
      orderId: entry.orderId,
      version,
      type: 'com.ecommerce.order.created',
      traceparent: entry.traceparent,
      partition: 0,
      offset: this.topic.length,
      digest: `digest-${this.topic.length}`,
      valueDigest: `value-${this.topic.length}`,
      order: entry.order ?? '{}',
      status: 'pending',
      ...changes,
    }
    this.topic.push(event)
    return event
  }

  store(event: TopicEvent, changes: Partial<StoredEvent> = {}): void {
    const { eventId, orderId, version, valueDigest, partition, offset } = event
    const row = { eventId, orderId, version, valueDigest, partition, offset, ...changes }
    this.storedEvents.push(row)
    const before = this.storedOrders.findIndex((order) => order.orderId === orderId)
    if (before >= 0) this.storedOrders.splice(before, 1)
    this.storedOrders.push({ orderId, version, status: event.status })
  }

  /** Asked, published, stored and answered, all as it should be. */
  confirm(orderId: string, version: number): TopicEvent {
    const order = `{"orderId":"${orderId}","version":${version}}`
    const kind = version === 1 ? 'create' : 'update'
    const entry = this.ask(orderId, kind, { status: version === 1 ? 201 : 200, order })
    const event = this.publish(entry, version)
    this.store(event)
    return event
  }

  repeat(event: TopicEvent, changes: Partial<TopicEvent> = {}): void {
    this.topic.push({ ...event, offset: this.topic.length, ...changes })
  }

  get broken(): readonly Invariant[] {
    return [...new Set(check(this.journal, this.observations).violations.map((v) => v.invariant))]
  }

  get observations(): Observations {
    const { topic, storedEvents, storedOrders } = this
    return { topic, storedEvents, storedOrders }
  }
}

function trueHistory(): History {
  const history = new History()
  history.confirm('order-1', 1)
  history.confirm('order-1', 2)
  history.confirm('order-2', 1)
  history.ask('order-3', 'create', { status: 503, outcome: 'not-applied' })
  history.ask('order-4', 'create', { status: 503, outcome: 'unknown' })
  history.ask('order-1', 'create', { status: 409, code: 'ORDER_ALREADY_EXISTS' })
  return history
}

test('a true history breaks nothing', () => {
  assert.deepEqual(trueHistory().broken, [])
})

const LIES: ReadonlyArray<
  readonly [lie: string, broken: readonly Invariant[], tell: (history: History) => void]
> = [
  ['a "done" without its event', ['I1'], (h) => h.ask('lie', 'create', { status: 201 })],
  [
    'a "done" with another order than its event',
    ['I1'],
    (h) =>
      h.store(
        h.publish(h.ask('lie', 'create', { status: 201, order: '{"a":1}' }), 1, {
          order: '{"a":2}',
        }),
      ),
  ],
  [
    'a "done" with the event of a request that was told "no"',
    ['I3', 'I1'],
    (h) => {
      const refused = h.ask('lie', 'create', { status: 503, outcome: 'not-applied' })
      h.store(h.publish(refused, 1))
      h.ask('lie', 'create', { status: 201, order: '{}' })
    },
  ],
  [
    'an event of a request that was never taken',
    ['I3'],
    (h) => h.store(h.publish(h.ask('lie', 'create', { code: 'ECONNREFUSED' }), 1)),
  ],
  [
    'an event that the store does not know',
    ['I3', 'I7'],
    (h) => h.publish(h.ask('lie', 'create', { outcome: 'unknown', status: 503 }), 1),
  ],
  [
    'an event that the store has elsewhere',
    ['I2'],
    (h) => h.store(h.publish(h.ask('lie', 'create', {}), 1), { offset: 77 }),
  ],
  [
    'a settled event that is not on the topic',
    ['I2', 'I7'],
    (h) => {
      h.confirm('lie', 1)
      h.topic.pop()
      h.journal.entries.pop()
    },
  ],
  [
    'a version that is missing',
    ['I4'],
    (h) => {
      h.confirm('lie', 1)
      h.confirm('lie', 3)
    },
  ],
  [
    'versions in the wrong order',
    ['I4', 'I7'],
    (h) => {
      h.confirm('lie', 2)
      h.confirm('lie', 1)
    },
  ],
  ['an event twice', ['I5'], (h) => h.repeat(h.confirm('lie', 1))],
  ['a copy with other bytes', ['I5'], (h) => h.repeat(h.confirm('lie', 1), { digest: 'other' })],
  [
    'two events with one version',
    ['I6'],
    (h) => {
      h.confirm('lie', 1)
      h.confirm('lie', 1)
    },
  ],
  [
    'an event with other bytes than in the store',
    ['I7'],
    (h) => h.store(h.publish(h.ask('lie', 'create', {}), 1), { valueDigest: 'other' }),
  ],
  [
    'an order that is behind its events',
    ['I7'],
    (h) => {
      h.confirm('lie', 1)
      h.storedOrders.splice(-1, 1, { orderId: 'lie', version: 1, status: 'shipped' })
    },
  ],
  [
    'an order in two partitions',
    ['I8'],
    (h) => {
      h.confirm('lie', 1)
      h.store(h.publish(h.ask('lie', 'update', {}), 2, { partition: 1 }))
    },
  ],
  [
    'an event that is left pending',
    ['I9'],
    (h) => h.storedEvents.push({ ...h.confirm('lie', 1), eventId: 'left', offset: null }),
  ],
  [
    'an answer that is not in the contract',
    ['I10'],
    (h) => h.ask('lie', 'create', { status: 500 }),
  ],
  [
    'an order that is said to exist and does not',
    ['I10'],
    (h) => h.ask('lie', 'create', { status: 409, code: 'ORDER_ALREADY_EXISTS' }),
  ],
]

for (const [lie, broken, tell] of LIES) {
  test(`the checker sees ${lie}`, () => {
    const history = trueHistory()
    tell(history)
    assert.deepEqual(history.broken.toSorted(), broken.toSorted())
  })
}

test('a confirmed order that is said to be missing is a lie', () => {
  const history = trueHistory()
  const late = history.journal.begin({
    orderId: 'order-1',
    kind: 'update',
    asked: 1,
    key: undefined,
    instance: 0,
  })
  const answer = { status: 404, code: 'ORDER_NOT_FOUND', outcome: undefined, order: undefined }
  history.journal.end({ ...late, sentAtMs: Infinity }, answer)
  history.journal.entries.splice(-1, 1, { ...late, ...answer, sentAtMs: Infinity })
  assert.deepEqual(history.broken, ['I10'])
})

test('a request that repeats one in doubt may share its event', () => {
  const history = trueHistory()
  const doubtful = history.ask('order-5', 'create', { status: 503, outcome: 'unknown' })
  history.store(history.publish(doubtful, 1))
  history.ask('order-5', 'create', { status: 201, order: '{}' })
  assert.deepEqual(history.broken, [])
})

test('requests with one key may share an event, and may not have two', () => {
  const history = trueHistory()
  const order = '{"orderId":"order-5"}'
  const first = history.ask('order-5', 'create', { status: 201, order }, 'key-1')
  history.store(history.publish(first, 1))
  const again = history.ask('order-5', 'create', { status: 201, order }, 'key-1')
  assert.deepEqual(history.broken, [])
  history.store(history.publish(again, 2))
  assert.deepEqual(history.broken, ['I11'])
})

test('the story of an order has its requests, its faults, its records and its rows', () => {
  const history = trueHistory()
  history.journal.noteFault('broker: SIGKILL')
  const event = history.confirm('order-5', 1)
  history.repeat(event)
  const [violation] = check(history.journal, history.observations).violations
  assert.ok(violation)
  const story = tellStory(violation, history.journal, history.observations)
  for (const part of [
    /^I5: order-5: 0@4 repeats 0@3$/m,
    /asked: create \(1\) at service 0/,
    /said: {2}201 /,
    /fault: broker: SIGKILL/,
    /topic {2}0@4 {2}version 1 pending, event event-3/,
    /store {2}0@3 {2}version 1, event event-3/,
    /store {2}the order: version 1, pending/,
  ]) {
    assert.match(story, part)
  }
})
