import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { NumericMap, produceV8 } from '@platformatic/kafka'
import type { PendingEvent } from '../../src/models/order-event.ts'
import { describeError } from '../../src/service/kafka/broker-errors.ts'
import { KafkaCluster } from '../../src/service/kafka/cluster.ts'
import { eventHeaders } from '../../src/service/kafka/event-headers.ts'
import { startTestCluster, type TestCluster } from '../support/kafka-cluster.ts'
import type { HeldRequests, KafkaProxy } from '../support/kafka-proxy.ts'
import { readTopic } from '../support/read-topic.ts'
import { until } from '../support/until.ts'
import { proxyOf } from './harness/broker-answers.ts'
import { Publishing } from './harness/publishing.ts'

/** Two publishers that send the same events to a real broker, one of them as the other's successor. */

let cluster: TestCluster
let proxy: KafkaProxy

before(async () => {
  cluster = await startTestCluster(1)
  proxy = proxyOf(cluster)
})

after(() => cluster.close())

test('recovery settles what is on the topic where it stands, and publishes only what is not', async () => {
  await using publishing = await Publishing.start(cluster)
  const there = publishing.next()
  const missing = publishing.next()
  await publishing.publish(there)
  await publishing.publish(publishing.next())

  await using restarted = await Publishing.start(cluster, publishing.topic)
  const sentBefore = proxy.produceCount()
  const recovered = [there, missing].map((pending) => restarted.publisher.recover(pending))
  const positions = (await Promise.all(recovered)).map(({ position }) => [position.offset])
  assert.deepEqual(positions, [
    await publishing.offsetsOf(there),
    await publishing.offsetsOf(missing),
  ])
  assert.equal(proxy.produceCount() - sentBefore, 1)
})

test('an event that was left by a process whose clock was ahead is published by the next one', async () => {
  await using publishing = await Publishing.start(cluster)
  const pending = publishing.next()
  const time = new Date(Date.now() + 2 * 60 * 60_000).toISOString()
  const ahead = { ...pending, event: { ...pending.event, time } }
  const { position } = await publishing.publisher.recover(ahead)
  assert.deepEqual(await publishing.offsetsOf(ahead), [position.offset])
})

/** An instance dies with a request on its way, which is held from now on. */
async function dieSending(
  publishing: Publishing,
  sent: readonly PendingEvent[],
): Promise<HeldRequests> {
  const held = proxy.hold()
  for (const pending of sent) void publishing.publish(pending)
  await until(() => held.count() >= 1, 'the request of the former owner is held')
  await publishing.publisher.close()
  held.letOthersPass()
  return held
}

/** Its successor has looked on the topic, and its request with what it has taken over is held as well. */
async function race(
  publishing: Publishing,
  sent: readonly PendingEvent[],
  recovered: readonly PendingEvent[],
) {
  const formers = await dieSending(publishing, sent)
  const successor = await Publishing.start(cluster, publishing.topic)
  const successors = proxy.hold()
  const acks = recovered.map((pending) => successor.publisher.recover(pending))
  await until(() => successors.count() >= 1, 'the request of the successor is held')
  successors.letOthersPass()
  return { formers, successors, successor, acks }
}

async function handOn(held: HeldRequests): Promise<void> {
  held.release()
  await until(() => held.answeredCount() === 1, 'the broker has worked on the request')
}

/** What each of the two has: of a batch with the numbers of another the broker looks at its length. */
const SHARES = [
  { what: 'the same', sent: [0], recovered: [0] },
  { what: 'more', sent: [0], recovered: [0, 1] },
  { what: 'less', sent: [0, 1], recovered: [1] },
  { what: 'as much, of others', sent: [0], recovered: [1] },
]

for (const { what, sent, recovered } of SHARES) {
  for (const first of ['former owner', 'successor'] as const) {
    test(`a successor that sends ${what}, where the ${first} is first, has each event once where it says`, async () => {
      await using publishing = await Publishing.start(cluster)
      const events = [publishing.next(), publishing.next()]
      const pick = (indexes: readonly number[]) =>
        indexes.map((index) => events[index] ?? assert.fail())
      const raced = await race(publishing, pick(sent), pick(recovered))
      await using successor = raced.successor
      const { formers, successors } = raced
      for (const held of first === 'successor' ? [successors, formers] : [formers, successors]) {
        await handOn(held)
      }
      const acks = await Promise.all(raced.acks)
      for (const [index, pending] of pick(recovered).entries()) {
        assert.deepEqual(await publishing.offsetsOf(pending), [acks[index]?.position.offset])
      }
      for (const pending of pick(sent)) {
        assert.ok((await publishing.offsetsOf(pending)).length <= 1)
      }
      // The successor's own events go on under its own numbers.
      assert.equal((await successor.publish(successor.next())).kind, 'acked')
    })
  }
}

test('an instance that was taken over from is not deceived by the ack of what its successor sent', async () => {
  await using publishing = await Publishing.start(cluster)
  const [ours, taken] = [publishing.next(), publishing.next()]
  await using successor = await Publishing.start(cluster, publishing.topic)
  const { position } = await successor.publisher.recover(taken)
  // It has the same numbers as the event of its successor, and is as long.
  const outcome = await publishing.publish(ours)
  assert.equal(publishing.suspicionCount, 1)
  assert.ok(outcome.kind === 'acked')
  assert.deepEqual(await publishing.offsetsOf(ours), [outcome.position.offset])
  assert.deepEqual(await publishing.offsetsOf(taken), [position.offset])
})

test('what a former owner sent is found also when it comes while its successor asks for its numbers', async () => {
  await using publishing = await Publishing.start(cluster)
  const pending = publishing.next()
  const formers = await dieSending(publishing, [pending])
  await using successor = await Publishing.start(cluster, publishing.topic)
  const questions = proxy.holdDescribeProducers()
  const recovered = successor.publisher.recover(pending)
  await until(() => questions.count() >= 1, 'the successor asks')
  await handOn(formers)
  questions.release()
  const { position } = await recovered
  assert.deepEqual(await publishing.offsetsOf(pending), [position.offset])
})

test('an event of a producer that the broker does not know is published once, also against a late copy', async () => {
  await using publishing = await Publishing.start(cluster)
  const pending = { ...publishing.next(), producer: { id: 4_711_000, epoch: 0 } }
  const { position } = await publishing.publisher.recover(pending)
  assert.equal(await sendLate(publishing, pending, 0), 'OUT_OF_ORDER_SEQUENCE_NUMBER')
  assert.equal(await sendLate(publishing, pending, 1), 'OUT_OF_ORDER_SEQUENCE_NUMBER')
  assert.deepEqual(await publishing.offsetsOf(pending), [position.offset])
})

/** What a producer that is gone still had on its way: the broker's answer to it. */
async function sendLate(
  publishing: Publishing,
  { producer, event, encoded }: PendingEvent,
  sequence: number,
): Promise<string> {
  assert.ok(producer)
  const brokers = [{ host: '127.0.0.1', port: proxy.port }]
  const kafka = new KafkaCluster('test', publishing.topic, brokers)
  const identity = {
    producerId: BigInt(producer.id),
    producerEpoch: producer.epoch,
    sequences: new NumericMap([[`${publishing.topic}:0`, sequence]]),
  }
  const record = {
    topic: publishing.topic,
    partition: 0,
    key: Buffer.from(encoded.key),
    value: Buffer.from(encoded.value),
    headers: eventHeaders(event),
    timestamp: 0n,
  }
  const { broker } = await kafka.leaderOf(0)
  return kafka.withConnection(broker, async (connection) => {
    try {
      await produceV8.api.async(connection, -1, 1_000, [record], identity)
      return 'appended'
    } catch (error) {
      return describeError(error)
    }
  })
}

test('two instances that share a take-over settle each event once', async () => {
  await using publishing = await Publishing.start(cluster)
  // More than one batch can hold.
  const events = Array.from({ length: 1_200 }, () => publishing.next())
  await using one = await Publishing.start(cluster, publishing.topic)
  await using other = await Publishing.start(cluster, publishing.topic)
  const acks = await Promise.all(
    events.map((pending, index) => (index < 600 ? one : other).publisher.recover(pending)),
  )
  const records = await readTopic(cluster.bootstrapServers, publishing.topic)
  const offsets = new Map(records.map(({ headers, offset }) => [headers['ce_id'], offset]))
  assert.equal(offsets.size, records.length, 'no event stands twice')
  assert.deepEqual(
    acks.map(({ position }) => position.offset),
    events.map(({ event }) => offsets.get(event.eventId)),
  )
})
