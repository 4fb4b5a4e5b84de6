import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import { deleteTopicsV6 } from '@platformatic/kafka'
import { KafkaCluster } from '../../src/service/kafka/cluster.ts'
import { codeOf, PROOFS } from '../support/broker-errors.ts'
import { startTestCluster, type TestCluster } from '../support/kafka-cluster.ts'
import type { KafkaProxy, ProduceFate } from '../support/kafka-proxy.ts'
import { freshSettings, startOwnService } from '../support/own-service.ts'
import { readTopic } from '../support/read-topic.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'
import { proxyOf } from './harness/broker-answers.ts'
import { Publishing } from './harness/publishing.ts'

/** A publisher and a real broker, and between them a proxy that harms chosen Produce requests. */

const TIMEOUT_MS = 5_000

let cluster: TestCluster
let proxy: KafkaProxy

before(async () => {
  cluster = await startTestCluster(1)
  proxy = proxyOf(cluster)
})

after(() => cluster.close())

async function deleteTopic(topic: string): Promise<void> {
  const broker = new KafkaCluster('test', topic, [{ host: '127.0.0.1', port: proxy.port }])
  await broker.askAnyBroker((connection) =>
    deleteTopicsV6.api.async(connection, [{ name: topic }], TIMEOUT_MS),
  )
}

/** Publishes one event under the fates: it must be acked, at the one place where it stands. */
async function assertAckedOnce(
  publishing: Publishing,
  fates: readonly ProduceFate[],
): Promise<void> {
  proxy.fates.push(...fates)
  const pending = publishing.next()
  const outcome = await publishing.publish(pending)
  assert.deepEqual(proxy.fates, [], 'every fault was met')
  assert.equal(outcome.kind, 'acked')
  const offsets = await publishing.offsetsOf(pending)
  assert.deepEqual(offsets, outcome.kind === 'acked' ? [outcome.position.offset] : [])
}

const NO_PROOFS = [
  'NOT_LEADER_OR_FOLLOWER',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'REQUEST_TIMED_OUT',
  'KAFKA_STORAGE_ERROR',
  'UNKNOWN_SERVER_ERROR',
]

const CONTESTED = [
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'DUPLICATE_SEQUENCE_NUMBER',
  'INVALID_PRODUCER_EPOCH',
  'PRODUCER_FENCED',
]

test('an event refused before the append is reported as refused, and the next one goes through', async () => {
  await using publishing = await Publishing.start(cluster)
  for (const name of PROOFS) {
    proxy.fates.push({ kind: 'answer-unsent', errorCode: codeOf(name) })
    const pending = publishing.next()
    const outcome = await publishing.publish(pending)
    assert.deepEqual(outcome, { kind: 'refused', reason: `Kafka refused the event: ${name}` })
    assert.deepEqual(await publishing.offsetsOf(pending), [], name)
    await assertAckedOnce(publishing, [])
  }
})

test('a refused batch is halved, so that only the event that is to blame is refused', async () => {
  await using publishing = await Publishing.start(cluster)
  const tooLarge = codeOf('MESSAGE_TOO_LARGE')
  // Of five: all of them, the first three, two of these, and the first alone.
  const answer = { kind: 'answer-unsent', errorCode: tooLarge } as const
  proxy.fates.push(answer, answer, answer, answer)
  const events = Array.from({ length: 5 }, () => publishing.next())
  const outcomes = await Promise.all(events.map((pending) => publishing.publish(pending)))
  const kinds = outcomes.map(({ kind }) => kind)
  assert.deepEqual(kinds, ['refused', 'acked', 'acked', 'acked', 'acked'])
  assert.deepEqual(proxy.fates, [], 'every fault was met')
  for (const [index, pending] of events.entries()) {
    assert.equal((await publishing.offsetsOf(pending)).length, kinds[index] === 'acked' ? 1 : 0)
  }
})

test('an answer that proves nothing is followed by a look, and the event stands once', async () => {
  await using publishing = await Publishing.start(cluster)
  for (const name of NO_PROOFS) {
    const errorCode = codeOf(name)
    await assertAckedOnce(publishing, [{ kind: 'answer-unsent', errorCode }])
    await assertAckedOnce(publishing, [{ kind: 'answer-sent', errorCode }])
    await assertAckedOnce(publishing, [
      { kind: 'answer-unsent', errorCode },
      { kind: 'answer-sent', errorCode },
    ])
  }
})

test('doubt is sticky: a refusal that comes after it does not undo the event', async () => {
  await using publishing = await Publishing.start(cluster)
  await assertAckedOnce(publishing, [
    { kind: 'answer-unsent', errorCode: codeOf('REQUEST_TIMED_OUT') },
    { kind: 'answer-unsent', errorCode: codeOf('NOT_ENOUGH_REPLICAS') },
  ])
})

test('when the numbers are contested the topic tells, whether the event is there or not', async () => {
  await using publishing = await Publishing.start(cluster)
  for (const name of CONTESTED) {
    const errorCode = codeOf(name)
    await assertAckedOnce(publishing, [{ kind: 'answer-sent', errorCode }])
    await assertAckedOnce(publishing, [{ kind: 'answer-unsent', errorCode }])
  }
})

test('a service counts how often its numbers were used by another, and settles its change', async (t) => {
  const path = `${await temporaryFolder(t)}/cart.db`
  const settings = {
    ...freshSettings(`sqlite:${path}`),
    KAFKA_BOOTSTRAP_SERVERS: cluster.proxiedServers,
    KAFKA_TOPIC_PARTITIONS: '1',
  }
  const service = await startOwnService(t, settings)
  const isSettled = async (orderId: string) => {
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ orderId, numItems: 1 })
    await fetch(`${service.url}/api/create-order`, { method: 'POST', headers, body })
    return (await fetch(`${service.url}/api/orders/${orderId}`)).status === 200
  }
  const scrape = async () => (await (await fetch(`${service.url}/metrics`)).text()).split('\n')
  await until(() => isSettled('ORD-1'), 'the service has published')
  assert.ok((await scrape()).includes('cart_contested_total 0'))
  using db = new DatabaseSync(path, { readOnly: true })
  const row = db
    .prepare('SELECT producer_id AS id, producer_epoch AS epoch FROM order_events')
    .get()
  const producer = { id: Number(row?.['id']), epoch: Number(row?.['epoch']) }
  await using other = await Publishing.start(cluster, settings.KAFKA_TOPIC)
  await other.publisher.recover({ ...other.next(), producer })
  await until(() => isSettled('ORD-2'), 'the next change is settled')
  await until(async () => (await scrape()).includes('cart_contested_total 1'), 'it is counted')
})

test('a lost acknowledgement costs no event, makes no copy, and casts no suspicion', async () => {
  await using publishing = await Publishing.start(cluster)
  await assertAckedOnce(publishing, [{ kind: 'cut-answer' }])
  await assertAckedOnce(publishing, [{ kind: 'swallow-answer' }])
  await assertAckedOnce(publishing, [{ kind: 'cut-request' }])
  assert.equal(publishing.suspicionCount, 0, 'nobody else is suspected of the copies')
})

test('an acknowledgement at an offset that was taken before is not believed', async () => {
  await using publishing = await Publishing.start(cluster)
  await assertAckedOnce(publishing, [{ kind: 'shift-offset', by: -1n }])
  await assertAckedOnce(publishing, [{ kind: 'shift-offset', by: -3n }])
  await assertAckedOnce(publishing, [])
})

test('past the deadline the caller is told "in doubt", and the event is settled later', async () => {
  await using publishing = await Publishing.start(cluster)
  proxy.fates.push({ kind: 'swallow-answer' })
  const pending = publishing.next()
  const outcome = await publishing.publish(pending, 1_000)
  assert.ok(outcome.kind === 'in-doubt')
  const resolution = await outcome.resolution
  const offsets = await publishing.offsetsOf(pending)
  assert.deepEqual(resolution, { kind: 'acked', position: { partition: 0, offset: offsets[0] } })
  assert.equal(offsets.length, 1)
})

test('a batch refused after the deadline is refused for all who were told "in doubt"', async () => {
  await using publishing = await Publishing.start(cluster)
  const errorCode = codeOf('MESSAGE_TOO_LARGE')
  proxy.fates.push({ kind: 'answer-unsent', errorCode, delayMs: 500 })
  const events = Array.from({ length: 3 }, () => publishing.next())
  const outcomes = await Promise.all(events.map((pending) => publishing.publish(pending, 100)))
  for (const [index, outcome] of outcomes.entries()) {
    assert.ok(outcome.kind === 'in-doubt')
    assert.equal((await outcome.resolution).kind, 'refused')
    assert.deepEqual(await publishing.offsetsOf(events[index] ?? assert.fail()), [])
  }
})

test('an event whose deadline is the earliest is cancelled in time, wherever it stands in line', async () => {
  await using publishing = await Publishing.start(cluster)
  proxy.fates.push({ kind: 'swallow-answer' })
  const sent = publishing.publish(publishing.next())
  await until(() => proxy.fates.length === 0, 'the lane waits for an answer')
  const late = publishing.publish(publishing.next())
  const early = await publishing.publish(publishing.next(), 100)
  assert.equal(early.kind, 'cancelled')
  assert.deepEqual([(await sent).kind, (await late).kind], ['acked', 'acked'])
})

test('an instance that may not publish sends nothing, and goes on once it may', async () => {
  await using publishing = await Publishing.start(cluster)
  const sentBefore = proxy.produceCount()
  publishing.mayPublish = false
  const cancelled = await publishing.publish(publishing.next(), 100)
  assert.equal(cancelled.kind, 'cancelled')
  const waiting = publishing.publish(publishing.next())
  assert.equal(proxy.produceCount(), sentBefore)
  publishing.mayPublish = true
  assert.equal((await waiting).kind, 'acked')
})

test('what was abandoned is not sent any more, and what comes after it is', async () => {
  await using publishing = await Publishing.start(cluster)
  publishing.mayPublish = false
  const outcome = publishing.publish(publishing.next())
  await publishing.publisher.abandon()
  publishing.mayPublish = true
  await until(() => publishing.next().partition === 0, 'the publisher admits events again')
  await assertAckedOnce(publishing, [])
  assert.notEqual((await outcome).kind, 'acked')
  assert.equal((await readTopic(cluster.bootstrapServers, publishing.topic)).length, 4)
})

test('on a topic that was made anew the first ack is checked, and the event stands once', async () => {
  await using publishing = await Publishing.start(cluster)
  await deleteTopic(publishing.topic)
  await until(async () => {
    const outcome = await publishing.publish(publishing.next(), 2_000)
    return outcome.kind === 'acked'
  }, 'the topic is there again')
  const records = await readTopic(cluster.bootstrapServers, publishing.topic)
  const eventIds = records.map(({ headers }) => headers['ce_id'])
  assert.equal(new Set(eventIds).size, eventIds.length)
})

test('a refusal costs the lane nothing: what comes next goes under the same numbers', async () => {
  await using publishing = await Publishing.start(cluster)
  const refused = publishing.next()
  proxy.fates.push({ kind: 'answer-unsent', errorCode: codeOf('MESSAGE_TOO_LARGE') })
  assert.equal((await publishing.publish(refused)).kind, 'refused')
  assert.deepEqual(publishing.next().producer, refused.producer)
  await assertAckedOnce(publishing, [])
})

test('an instance whose numbers another one used sends nothing before it is known who owns what', async () => {
  await using publishing = await Publishing.start(cluster)
  publishing.onSuspicion = () => {
    publishing.mayPublish = false
  }
  await using successor = await Publishing.start(cluster, publishing.topic)
  await successor.publisher.recover(publishing.next())
  const sentBefore = proxy.produceCount()
  const events = Array.from({ length: 3 }, () => publishing.next())
  const outcomes = await Promise.all(events.map((pending) => publishing.publish(pending, 1_000)))
  assert.deepEqual(
    outcomes.map(({ kind }) => kind),
    ['in-doubt', 'in-doubt', 'in-doubt'],
  )
  assert.equal(proxy.produceCount() - sentBefore, 1)
})
