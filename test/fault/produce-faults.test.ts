import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { deleteTopicsV6, NumericMap, produceV8, protocolErrorsCodesById } from '@platformatic/kafka'
import { DependencyHealth } from '../../src/business/dependency-health.ts'
import type { PublishOutcome } from '../../src/business/ports.ts'
import { TAKE_OVER_EPOCH_MIN, type PendingEvent } from '../../src/models/order-event.ts'
import type { OrderId } from '../../src/models/order.ts'
import { classifyProduceFailure } from '../../src/service/kafka/broker-errors.ts'
import { KafkaCluster } from '../../src/service/kafka/cluster.ts'
import { eventHeaders } from '../../src/service/kafka/event-headers.ts'
import { KafkaEventPublisher } from '../../src/service/kafka/event-publisher.ts'
import { systemClock } from '../../src/service/system.ts'
import { startTestCluster, type TestCluster } from '../support/kafka-cluster.ts'
import type { KafkaProxy, ProduceFate } from '../support/kafka-proxy.ts'
import { readTopic } from '../support/read-topic.ts'
import { somePending } from '../support/some-event.ts'
import { until } from '../support/until.ts'

/** A publisher and a real broker, and between them a proxy that harms chosen Produce requests. */

const TIMEOUT_MS = 5_000

let cluster: TestCluster
let proxy: KafkaProxy

before(async () => {
  cluster = await startTestCluster(1)
  proxy = cluster.brokers[0]?.proxy ?? assert.fail()
})

after(() => cluster.close())

class Publishing implements AsyncDisposable {
  readonly topic: string
  readonly publisher: KafkaEventPublisher
  mayPublish = true
  onDisowned = (): void => {}

  private constructor(topic: string) {
    this.topic = topic
    const brokers = [{ host: '127.0.0.1', port: proxy.port }]
    this.publisher = new KafkaEventPublisher({
      cluster: new KafkaCluster('test', this.topic, brokers),
      topic: { partitionCount: 1, replicationFactor: undefined },
      pendingEventsMax: 10_000,
      mayPublish: () => this.mayPublish,
      onDisowned: () => this.onDisowned(),
      clock: systemClock,
      health: new DependencyHealth(systemClock, () => {}),
    })
  }

  /** With a few events on the topic, so that there are earlier offsets. */
  static async start(topic = `orders-${randomUUID()}`): Promise<Publishing> {
    const publishing = new Publishing(topic)
    publishing.publisher.start()
    await until(() => publishing.next().partition === 0, 'the publisher admits events')
    for (let count = 0; count < 3; count += 1) await publishing.publish(publishing.next())
    return publishing
  }

  next(): PendingEvent {
    const orderId = `order-${randomUUID()}` as OrderId
    return { ...somePending({ orderId }), ...this.publisher.admit(Buffer.from(orderId)) }
  }

  publish(pending: PendingEvent, timeoutMs = TIMEOUT_MS): Promise<PublishOutcome> {
    return this.publisher.publish(pending, systemClock.monotonicMs() + timeoutMs)
  }

  /** Offsets at which the event stands. */
  async offsetsOf({ event }: PendingEvent): Promise<number[]> {
    const records = await readTopic(cluster.bootstrapServers, this.topic)
    return records
      .filter(({ headers }) => headers['ce_id'] === event.eventId)
      .map(({ offset }) => offset)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    proxy.fates.length = 0
    await this.publisher.close()
  }
}

async function deleteTopic(topic: string): Promise<void> {
  const broker = new KafkaCluster('test', topic, [{ host: '127.0.0.1', port: proxy.port }])
  await broker.askAnyBroker((connection) =>
    deleteTopicsV6.api.async(connection, [{ name: topic }], TIMEOUT_MS),
  )
}

function codeOf(name: string): number {
  const code = Object.entries(protocolErrorsCodesById).find(([, id]) => id === name)?.[0]
  assert.ok(code !== undefined, name)
  return Number(code)
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

const PROOFS = [
  'MESSAGE_TOO_LARGE',
  'INVALID_RECORD',
  'CORRUPT_MESSAGE',
  'TOPIC_AUTHORIZATION_FAILED',
  'POLICY_VIOLATION',
  'NOT_ENOUGH_REPLICAS',
  'PRODUCER_FENCED',
]

const NO_PROOFS = [
  'NOT_LEADER_OR_FOLLOWER',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'REQUEST_TIMED_OUT',
  'KAFKA_STORAGE_ERROR',
  'UNKNOWN_SERVER_ERROR',
]

const STATE_LOST = [
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'DUPLICATE_SEQUENCE_NUMBER',
]

test('an event refused before the append is reported as refused, and the next one goes through', async () => {
  await using publishing = await Publishing.start()
  for (const name of PROOFS) {
    proxy.fates.push({ kind: 'answer-unsent', errorCode: codeOf(name) })
    const pending = publishing.next()
    const outcome = await publishing.publish(pending)
    assert.deepEqual(outcome, { kind: 'refused', reason: `Kafka refused the event: ${name}` })
    assert.deepEqual(await publishing.offsetsOf(pending), [], name)
    await assertAckedOnce(publishing, [])
  }
})

test('a refused batch is split, so that only the event that is to blame is refused', async () => {
  await using publishing = await Publishing.start()
  const tooLarge = codeOf('MESSAGE_TOO_LARGE')
  // First the whole batch; then, one by one, the second of its events.
  proxy.fates.push(
    { kind: 'answer-unsent', errorCode: tooLarge },
    { kind: 'pass' },
    { kind: 'answer-unsent', errorCode: tooLarge },
  )
  const events = Array.from({ length: 5 }, () => publishing.next())
  const outcomes = await Promise.all(events.map((pending) => publishing.publish(pending)))
  const kinds = outcomes.map(({ kind }) => kind)
  assert.deepEqual(kinds, ['acked', 'refused', 'acked', 'acked', 'acked'])
  assert.deepEqual(proxy.fates, [], 'every fault was met')
  for (const [index, pending] of events.entries()) {
    assert.equal((await publishing.offsetsOf(pending)).length, kinds[index] === 'acked' ? 1 : 0)
  }
})

test('an answer that proves nothing is followed by the same batch again, which stands once', async () => {
  await using publishing = await Publishing.start()
  for (const name of NO_PROOFS) {
    const errorCode = codeOf(name)
    await assertAckedOnce(publishing, [{ kind: 'answer-unsent', errorCode }])
    await assertAckedOnce(publishing, [{ kind: 'answer-sent', errorCode }])
    await assertAckedOnce(publishing, [
      { kind: 'answer-sent', errorCode },
      { kind: 'answer-unsent', errorCode },
    ])
  }
})

test('doubt is sticky: a refusal that comes after it does not undo the event', async () => {
  await using publishing = await Publishing.start()
  await assertAckedOnce(publishing, [
    { kind: 'answer-sent', errorCode: codeOf('REQUEST_TIMED_OUT') },
    { kind: 'answer-unsent', errorCode: codeOf('MESSAGE_TOO_LARGE') },
  ])
})

test('when the producer state is lost the topic tells, whether the event is there or not', async () => {
  await using publishing = await Publishing.start()
  for (const name of STATE_LOST) {
    const errorCode = codeOf(name)
    await assertAckedOnce(publishing, [{ kind: 'answer-sent', errorCode }])
    await assertAckedOnce(publishing, [{ kind: 'answer-unsent', errorCode }])
  }
})

test('a lost acknowledgement costs no event and makes no copy', async () => {
  await using publishing = await Publishing.start()
  await assertAckedOnce(publishing, [{ kind: 'cut-answer' }, { kind: 'cut-answer' }])
  await assertAckedOnce(publishing, [{ kind: 'swallow-answer' }])
  await assertAckedOnce(publishing, [{ kind: 'cut-request' }])
})

test('an acknowledgement at an offset that was taken before is not believed', async () => {
  await using publishing = await Publishing.start()
  await assertAckedOnce(publishing, [{ kind: 'shift-offset', by: -1n }])
  await assertAckedOnce(publishing, [{ kind: 'shift-offset', by: -3n }])
  await assertAckedOnce(publishing, [])
})

test('past the deadline the caller is told "in doubt", and the event is settled later', async () => {
  await using publishing = await Publishing.start()
  proxy.fates.push(
    { kind: 'swallow-answer' },
    { kind: 'swallow-answer' },
    { kind: 'swallow-answer' },
  )
  const pending = publishing.next()
  const outcome = await publishing.publish(pending)
  assert.ok(outcome.kind === 'in-doubt')
  const resolution = await outcome.resolution
  const offsets = await publishing.offsetsOf(pending)
  assert.deepEqual(resolution, { kind: 'acked', position: { partition: 0, offset: offsets[0] } })
  assert.equal(offsets.length, 1)
})

test('a batch refused after the deadline is refused for all who were told "in doubt"', async () => {
  await using publishing = await Publishing.start()
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
  await using publishing = await Publishing.start()
  proxy.fates.push({ kind: 'swallow-answer' })
  const sent = publishing.publish(publishing.next())
  await until(() => proxy.fates.length === 0, 'the lane waits for an answer')
  const late = publishing.publish(publishing.next())
  const early = await publishing.publish(publishing.next(), 100)
  assert.equal(early.kind, 'cancelled')
  assert.deepEqual([(await sent).kind, (await late).kind], ['acked', 'acked'])
})

test('an instance that may not publish sends nothing, and goes on once it may', async () => {
  await using publishing = await Publishing.start()
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
  await using publishing = await Publishing.start()
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
  await using publishing = await Publishing.start()
  await deleteTopic(publishing.topic)
  await until(async () => {
    const outcome = await publishing.publish(publishing.next(), 2_000)
    return outcome.kind === 'acked'
  }, 'the topic is there again')
  const records = await readTopic(cluster.bootstrapServers, publishing.topic)
  const eventIds = records.map(({ headers }) => headers['ce_id'])
  assert.equal(new Set(eventIds).size, eventIds.length)
})

/** What a producer that is gone still had on its way: the broker's answer to it. */
async function sendLate(
  publishing: Publishing,
  { producer, event, encoded }: PendingEvent,
): Promise<string> {
  assert.ok(producer)
  const brokers = [{ host: '127.0.0.1', port: proxy.port }]
  const kafka = new KafkaCluster('test', publishing.topic, brokers)
  const identity = {
    producerId: BigInt(producer.id),
    producerEpoch: producer.epoch,
    // The next one after the events that Publishing begins with.
    sequences: new NumericMap([[`${publishing.topic}:0`, 3]]),
  }
  const record = {
    topic: publishing.topic,
    partition: 0,
    key: Buffer.from(encoded.key),
    value: Buffer.from(encoded.value),
    headers: eventHeaders(event),
    timestamp: 0n,
  }
  return kafka.withConnection(await kafka.leaderOf(0), async (connection) => {
    try {
      await produceV8.api.async(connection, -1, 1_000, [record], identity)
      return 'appended'
    } catch (error) {
      return classifyProduceFailure(error, 1).name
    }
  })
}

test('what was on its way from an instance that was taken over from is refused by the broker', async () => {
  await using publishing = await Publishing.start()
  const pending = publishing.next()
  assert.equal(pending.producer?.epoch, 0)

  await using successor = await Publishing.start(publishing.topic)
  const takenOver = {
    ...pending,
    producer: { ...pending.producer, epoch: TAKE_OVER_EPOCH_MIN + 7 },
  }
  const { position } = await successor.publisher.recover(takenOver)
  assert.equal(await sendLate(publishing, pending), 'INVALID_PRODUCER_EPOCH')
  assert.deepEqual(await publishing.offsetsOf(pending), [position.offset])
  // The successor's own events go on under its own numbers.
  assert.equal((await successor.publish(successor.next())).kind, 'acked')
})

test('what is still on its way when the numbers are given up is refused by the broker', async () => {
  await using publishing = await Publishing.start()
  const early = publishing.next()
  proxy.fates.push({ kind: 'answer-unsent', errorCode: codeOf('MESSAGE_TOO_LARGE') })
  assert.equal((await publishing.publish(early)).kind, 'refused')
  const late = publishing.next()
  assert.deepEqual(late.producer, { id: early.producer?.id, epoch: 1 })
  await assertAckedOnce(publishing, [])
  assert.equal(await sendLate(publishing, early), 'INVALID_PRODUCER_EPOCH')
  assert.deepEqual(await publishing.offsetsOf(early), [])
})

test('an instance that was fenced sends nothing any more before it is known who owns what', async () => {
  await using publishing = await Publishing.start()
  publishing.onDisowned = () => {
    publishing.mayPublish = false
  }
  const errorCode = codeOf('INVALID_PRODUCER_EPOCH')
  proxy.fates.push({ kind: 'answer-unsent', errorCode })
  const sentBefore = proxy.produceCount()
  const events = Array.from({ length: 3 }, () => publishing.next())
  const outcomes = await Promise.all(events.map((pending) => publishing.publish(pending, 1_000)))
  assert.deepEqual(
    outcomes.map(({ kind }) => kind),
    ['cancelled', 'cancelled', 'cancelled'],
  )
  assert.equal(proxy.produceCount() - sentBefore, 1)
})

test('a take-over of many events, and one whose epoch was used, settle each event once', async () => {
  await using publishing = await Publishing.start()
  const events = Array.from({ length: 600 }, () => publishing.next())
  await using successor = await Publishing.start(publishing.topic)
  const takeOver = (some: readonly PendingEvent[], epoch: number) =>
    Promise.all(
      some.map((pending) => {
        assert.ok(pending.producer)
        const producer = { ...pending.producer, epoch }
        return successor.publisher.recover({ ...pending, producer })
      }),
    )
  // More than one batch can hold; then again at a lower epoch, which the broker refuses.
  const acks = await takeOver(events.slice(0, 550), TAKE_OVER_EPOCH_MIN + 9)
  acks.push(...(await takeOver(events.slice(550), TAKE_OVER_EPOCH_MIN + 8)))
  for (const [index, { position }] of acks.entries()) {
    if (index % 50 !== 0) continue
    const offsets = await publishing.offsetsOf(events[index] ?? assert.fail())
    assert.deepEqual(offsets, [position.offset])
  }
  assert.equal(new Set(acks.map(({ position }) => position.offset)).size, events.length)
})

test('recovery settles what is on the topic where it stands, and publishes only what is not', async () => {
  await using publishing = await Publishing.start()
  const there = publishing.next()
  const missing = publishing.next()
  await publishing.publish(there)
  await publishing.publish(publishing.next())

  await using restarted = await Publishing.start(publishing.topic)
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
  await using publishing = await Publishing.start()
  const pending = publishing.next()
  const time = new Date(Date.now() + 2 * 60 * 60_000).toISOString()
  const ahead = { ...pending, event: { ...pending.event, time } }
  const { position } = await publishing.publisher.recover(ahead)
  assert.deepEqual(await publishing.offsetsOf(ahead), [position.offset])
})
