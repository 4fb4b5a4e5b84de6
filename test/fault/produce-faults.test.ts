import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { deleteTopicsV6, NumericMap, produceV8 } from '@platformatic/kafka'
import { DependencyHealth } from '../../src/business/dependency-health.ts'
import type { PublishOutcome } from '../../src/business/ports.ts'
import type { PendingEvent } from '../../src/models/order-event.ts'
import type { OrderId } from '../../src/models/order.ts'
import { classifyProduceFailure } from '../../src/service/kafka/broker-errors.ts'
import { KafkaCluster } from '../../src/service/kafka/cluster.ts'
import { eventHeaders } from '../../src/service/kafka/event-headers.ts'
import { KafkaEventPublisher } from '../../src/service/kafka/event-publisher.ts'
import { systemClock } from '../../src/service/system.ts'
import { codeOf, PROOFS } from '../support/broker-errors.ts'
import { startTestCluster, type TestCluster } from '../support/kafka-cluster.ts'
import type { HeldRequests, KafkaProxy, ProduceFate } from '../support/kafka-proxy.ts'
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
  onContested = (): void => {}

  private constructor(topic: string) {
    this.topic = topic
    const brokers = [{ host: '127.0.0.1', port: proxy.port }]
    this.publisher = new KafkaEventPublisher({
      cluster: new KafkaCluster('test', this.topic, brokers),
      topic: { partitionCount: 1, replicationFactor: undefined },
      pendingEventsMax: 10_000,
      mayPublish: () => this.mayPublish,
      onContested: () => this.onContested(),
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

test('when the numbers are contested the topic tells, whether the event is there or not', async () => {
  await using publishing = await Publishing.start()
  for (const name of CONTESTED) {
    const errorCode = codeOf(name)
    await assertAckedOnce(publishing, [{ kind: 'answer-sent', errorCode }])
    await assertAckedOnce(publishing, [{ kind: 'answer-unsent', errorCode }])
  }
})

test('a lost acknowledgement costs no event, makes no copy, and casts no suspicion', async () => {
  await using publishing = await Publishing.start()
  let contestCount = 0
  publishing.onContested = () => {
    contestCount += 1
  }
  await assertAckedOnce(publishing, [{ kind: 'cut-answer' }, { kind: 'cut-answer' }])
  await assertAckedOnce(publishing, [{ kind: 'swallow-answer' }])
  await assertAckedOnce(publishing, [{ kind: 'cut-request' }])
  assert.equal(contestCount, 0, 'nobody else is suspected of the copies')
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
  const successor = await Publishing.start(publishing.topic)
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
      await using publishing = await Publishing.start()
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
  await using publishing = await Publishing.start()
  let contestCount = 0
  publishing.onContested = () => {
    contestCount += 1
  }
  const [ours, taken] = [publishing.next(), publishing.next()]
  await using successor = await Publishing.start(publishing.topic)
  const { position } = await successor.publisher.recover(taken)
  // It has the same numbers as the event of its successor, and is as long.
  const outcome = await publishing.publish(ours)
  assert.equal(contestCount, 1)
  assert.ok(outcome.kind === 'acked')
  assert.deepEqual(await publishing.offsetsOf(ours), [outcome.position.offset])
  assert.deepEqual(await publishing.offsetsOf(taken), [position.offset])
})

test('what a former owner sent is found also when it comes while its successor asks for its numbers', async () => {
  await using publishing = await Publishing.start()
  const pending = publishing.next()
  const formers = await dieSending(publishing, [pending])
  await using successor = await Publishing.start(publishing.topic)
  const questions = proxy.holdDescribeProducers()
  const recovered = successor.publisher.recover(pending)
  await until(() => questions.count() >= 1, 'the successor asks')
  await handOn(formers)
  questions.release()
  const { position } = await recovered
  assert.deepEqual(await publishing.offsetsOf(pending), [position.offset])
})

test('an event of a producer that the broker does not know is published once, also against a late copy', async () => {
  await using publishing = await Publishing.start()
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
  return kafka.withConnection(await kafka.leaderOf(0), async (connection) => {
    try {
      await produceV8.api.async(connection, -1, 1_000, [record], identity)
      return 'appended'
    } catch (error) {
      return classifyProduceFailure(error, 1).name
    }
  })
}

test('a refusal costs the lane nothing: what comes next goes under the same numbers', async () => {
  await using publishing = await Publishing.start()
  const refused = publishing.next()
  proxy.fates.push({ kind: 'answer-unsent', errorCode: codeOf('MESSAGE_TOO_LARGE') })
  assert.equal((await publishing.publish(refused)).kind, 'refused')
  assert.deepEqual(publishing.next().producer, refused.producer)
  await assertAckedOnce(publishing, [])
})

test('an instance whose numbers another one used sends nothing before it is known who owns what', async () => {
  await using publishing = await Publishing.start()
  publishing.onContested = () => {
    publishing.mayPublish = false
  }
  const errorCode = codeOf('OUT_OF_ORDER_SEQUENCE_NUMBER')
  proxy.fates.push({ kind: 'answer-unsent', errorCode })
  const sentBefore = proxy.produceCount()
  const events = Array.from({ length: 3 }, () => publishing.next())
  const outcomes = await Promise.all(events.map((pending) => publishing.publish(pending, 1_000)))
  assert.deepEqual(
    outcomes.map(({ kind }) => kind),
    ['in-doubt', 'in-doubt', 'in-doubt'],
  )
  assert.equal(proxy.produceCount() - sentBefore, 1)
})

test('two instances that share a take-over settle each event once', async () => {
  await using publishing = await Publishing.start()
  // More than one batch can hold.
  const events = Array.from({ length: 1_200 }, () => publishing.next())
  await using one = await Publishing.start(publishing.topic)
  await using other = await Publishing.start(publishing.topic)
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
