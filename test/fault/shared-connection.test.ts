import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { randomUUID } from 'node:crypto'
import type { Clock } from '../../src/business/ports.ts'
import type { PublishOutcome } from '../../src/business/publication/publisher-port.ts'
import type { PendingEvent } from '../../src/models/order-event.ts'
import type { OrderId } from '../../src/models/order.ts'
import { codeOf } from '../support/broker-errors.ts'
import { startTestCluster, type TestCluster } from '../support/kafka-cluster.ts'
import type { KafkaProxy } from '../support/kafka-proxy.ts'
import { API_KEYS } from '../support/produce-frame.ts'
import { readTopic } from '../support/read-topic.ts'
import { until } from '../support/until.ts'
import { partitionOf } from '../../src/service/kafka/partitioner.ts'
import { systemClock } from '../../src/service/system.ts'
import { proxyOf } from './harness/broker-answers.ts'
import { Publishing } from './harness/publishing.ts'

/** Lanes that send together (L15), a real broker, and between them a proxy. */

const MANY_PARTITIONS = 30
const FEW_PARTITIONS = 3

/** Every ack is a quick one, however busy the machine is. */
const SESSION_CLOCK: Clock = { ...systemClock, monotonicMs: () => 0 }

interface Together extends AsyncDisposable {
  readonly publishing: Publishing
  readonly partitionCount: number
}

let cluster: TestCluster
let proxy: KafkaProxy

before(async () => {
  cluster = await startTestCluster(1)
  proxy = proxyOf(cluster)
})

after(() => cluster.close())

/** One event for each of these partitions; others may be stalled. */
function eventsFor(
  { publishing, partitionCount }: Together,
  partitions: readonly number[],
): PendingEvent[] {
  return partitions.map((wanted) => {
    for (;;) {
      const orderId = `order-${randomUUID()}` as OrderId
      if (partitionOf(Buffer.from(orderId), partitionCount) === wanted) {
        return publishing.next(undefined, orderId)
      }
    }
  })
}

function publishAll(
  { publishing }: Together,
  events: readonly PendingEvent[],
): Promise<PublishOutcome[]> {
  return Promise.all(events.map((pending) => publishing.publish(pending)))
}

/** Each stands where its ack says, and nowhere else. */
async function assertAckedOnce(
  { publishing }: Together,
  events: readonly PendingEvent[],
  outcomes: readonly PublishOutcome[],
): Promise<void> {
  const records = await readTopic(cluster.bootstrapServers, publishing.topic)
  const placesOf = ({ event }: PendingEvent) =>
    records
      .filter(({ headers }) => headers['ce_id'] === event.eventId)
      .map(({ partition, offset }) => ({ partition, offset }))
  assert.deepEqual(
    events.map(placesOf),
    outcomes.map((outcome) => (outcome.kind === 'acked' ? [outcome.position] : [])),
  )
}

async function start(partitionCount: number): Promise<Together> {
  const publishing = await Publishing.start(cluster, undefined, partitionCount, SESSION_CLOCK)
  return {
    publishing,
    partitionCount,
    [Symbol.asyncDispose]: () => publishing[Symbol.asyncDispose](),
  }
}

/** One event for each goes in one request. A lane that has left comes back in time. */
function untilTogether(together: Together, partitions: readonly number[]): Promise<void> {
  return until(async () => {
    const sentBefore = proxy.produceCount()
    const outcomes = await publishAll(together, eventsFor(together, partitions))
    for (const { kind } of outcomes) assert.equal(kind, 'acked')
    return proxy.produceCount() - sentBefore === 1
  }, `the lanes of partitions ${partitions.join()} send together`)
}

test('batches of many partitions go in one request', async () => {
  await using together = await start(MANY_PARTITIONS)
  await untilTogether(together, [...Array(MANY_PARTITIONS).keys()])
})

test('an error of one partition is no doubt for the others of its request', async () => {
  await using together = await start(FEW_PARTITIONS)
  await untilTogether(together, [0, 1, 2])
  const asked = proxy.requestCount(API_KEYS.fetch)
  const events = eventsFor(together, [0, 1, 2])
  proxy.fates.push({ kind: 'answer-sent', errorCode: codeOf('REQUEST_TIMED_OUT') })
  const outcomes = await publishAll(together, events)
  assert.equal(proxy.requestCount(API_KEYS.fetch) - asked, 1, 'one lane looks')
  await assertAckedOnce(together, events, outcomes)
})

test('a lost answer of a shared request costs no event of its lanes and makes no copy', async () => {
  await using together = await start(FEW_PARTITIONS)
  for (const kind of ['cut-answer', 'swallow-answer', 'cut-request'] as const) {
    await untilTogether(together, [0, 1, 2])
    proxy.fates.push({ kind })
    const events = eventsFor(together, [0, 1, 2])
    await assertAckedOnce(together, events, await publishAll(together, events))
  }
  assert.equal(together.publishing.suspicionCount, 0)
})

test('a partition that is stuck holds up the others once, and is with them again afterwards', async () => {
  await using together = await start(FEW_PARTITIONS)
  await untilTogether(together, [0, 1, 2])
  const held = proxy.hold(0)
  const [stuck, ...others] = eventsFor(together, [0, 1, 2]).map((pending) =>
    together.publishing.publish(pending),
  )
  const kinds = (await Promise.all(others)).map(({ kind }) => kind)
  assert.deepEqual(kinds, ['acked', 'acked'])
  await untilTogether(together, [1, 2])
  held.release()
  const outcome = await stuck
  const resolution = outcome?.kind === 'in-doubt' ? await outcome.resolution : outcome
  assert.equal(resolution?.kind, 'acked')
  await untilTogether(together, [0, 1, 2])
})
