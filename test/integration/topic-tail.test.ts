import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { suite, test } from 'node:test'
import { Admin } from '@platformatic/kafka'
import { ensureTopic } from '../../src/service/kafka/topic-admin.ts'
import { tailTopic, type TailStart } from '../../src/service/kafka/topic-tail.ts'
import { systemClock } from '../../src/service/system.ts'
import { infrastructure } from '../support/infrastructure.ts'
import { clusterOf, makeTopic, plantRecords } from '../support/raw-records.ts'
import { until } from '../support/until.ts'

const LAYOUT_CHECK_MS = 50

/** So many that the broker is still busy with them when it is asked. */
const NEW_PARTITIONS = 50

/** A tail that should have ended by itself is ended, and then has seen too little or too much. */
const LIFE_MS_MAX = 60_000

function valuesOf(...words: readonly string[]) {
  return words.map((word) => ({ value: Buffer.from(word), partition: 0 }))
}

/** Follows a topic until it is stopped, and keeps what it saw. */
function startTail(topic: string, start: TailStart, endsAtEnd = false) {
  const stop = new AbortController()
  const seen: string[] = []
  const cluster = clusterOf(infrastructure().kafkaBootstrapServers, topic)
  const ended = tailTopic(
    { cluster, clock: systemClock, layoutCheckMs: LAYOUT_CHECK_MS },
    {
      start,
      endsAtEnd,
      onRecord: async ({ record, partition, offset }) =>
        void seen.push(`${partition}@${offset} ${String(record.value)}`),
      onSkipped: () => {},
      onTrouble: () => {},
      signal: AbortSignal.any([stop.signal, AbortSignal.timeout(LIFE_MS_MAX)]),
    },
  )
  return { seen, ended, stop: () => stop.abort() }
}

suite('the tail of a topic', () => {
  const { kafkaBootstrapServers: servers } = infrastructure()

  async function freshTopic(partitionCount = 1): Promise<string> {
    const topic = `tail-${randomUUID()}`
    await makeTopic(servers, topic, partitionCount)
    return topic
  }

  test('ends at the end that was there when it began', async () => {
    const topic = await freshTopic(2)
    await plantRecords(servers, topic, [
      ...valuesOf('a', 'b'),
      { value: Buffer.from('c'), partition: 1 },
    ])
    const tail = startTail(topic, { kind: 'beginning' }, true)
    await tail.ended
    assert.deepEqual(tail.seen.toSorted(), ['0@0 a', '0@1 b', '1@0 c'])
  })

  test('begins where it was told to: at the end, or at a time', async () => {
    const topic = await freshTopic()
    await plantRecords(servers, topic, valuesOf('old'))
    // The next record gets a later time stamp than this one.
    const timestampMs = Date.now() + 1
    await until(() => Date.now() > timestampMs, 'the clock went on')
    await plantRecords(servers, topic, valuesOf('new'))
    const since = startTail(topic, { kind: 'since', timestampMs }, true)
    await since.ended
    assert.deepEqual(since.seen, ['0@1 new'])
    const future = startTail(topic, { kind: 'since', timestampMs: Date.now() + 60_000 }, true)
    await future.ended
    assert.deepEqual(future.seen, [])
    const end = startTail(topic, { kind: 'end' }, true)
    await end.ended
    assert.deepEqual(end.seen, [])
  })

  test('sees what is written while it runs, also into partitions that were added', async (t) => {
    const topic = await freshTopic()
    const tail = startTail(topic, { kind: 'beginning' })
    t.after(tail.stop)
    await plantRecords(servers, topic, valuesOf('a'))
    await until(() => tail.seen.length === 1, 'the first record is seen')
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: [servers] })
    try {
      await admin.createPartitions({ topics: [{ name: topic, count: 2, assignments: null }] })
    } finally {
      await admin.close()
    }
    await plantRecords(servers, topic, [{ value: Buffer.from('b'), partition: 1 }])
    await until(() => tail.seen.length === 2, 'the record in the new partition is seen')
    assert.deepEqual(tail.seen, ['0@0 a', '1@0 b'])
    tail.stop()
    await tail.ended
  })

  test('begins on a topic whose leaders do not know yet that they lead', async () => {
    const topic = `tail-${randomUUID()}`
    const wanted = { partitionCount: NEW_PARTITIONS, replicationFactor: undefined }
    await ensureTopic(clusterOf(servers, topic), wanted, systemClock)
    const tail = startTail(topic, { kind: 'end' }, true)
    await tail.ended
    assert.deepEqual(tail.seen, [])
  })

  test('rejects with a sentence when the topic is not there', async () => {
    const missing = startTail(`tail-${randomUUID()}`, { kind: 'end' })
    await assert.rejects(missing.ended, /^TopicMissingError: topic tail-\S+ does not exist$/)
  })

  test('ends with what its reader failed with, and leaves nothing running', async () => {
    const topic = await freshTopic(3)
    await plantRecords(servers, topic, valuesOf('a'))
    const cluster = clusterOf(servers, topic)
    const ended = tailTopic(
      { cluster, clock: systemClock },
      {
        start: { kind: 'beginning' },
        endsAtEnd: false,
        onRecord: async () => Promise.reject(new Error('the reader failed')),
        onSkipped: () => {},
        onTrouble: () => {},
        signal: AbortSignal.timeout(LIFE_MS_MAX),
      },
    )
    await assert.rejects(ended, /the reader failed/)
  })
})
