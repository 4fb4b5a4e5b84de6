import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'
import type { PendingEvent } from '../../src/models/order-event.ts'
import { startTestCluster, type TestCluster } from '../support/kafka-cluster.ts'
import { API_KEYS } from '../support/produce-frame.ts'
import { readTopic } from '../support/read-topic.ts'
import { proxyOf } from './harness/broker-answers.ts'
import { Publishing } from './harness/publishing.ts'

/** How many requests a take-over costs, whatever the order in which the dead left their events. */

/** As src/service/kafka/lane/batch-size.ts allows. */
const BATCH_EVENTS_MAX = 500

let cluster: TestCluster

before(async () => {
  cluster = await startTestCluster(1)
})

after(() => cluster.close())

interface Left {
  readonly topic: string
  readonly events: readonly PendingEvent[]
}

/** Instances that have written to the topic die, each with its share of the events; in turns. */
async function leavePending(
  count: number,
  producerCount: number,
  partitionCount: number,
): Promise<Left> {
  const first = await Publishing.start(cluster, undefined, partitionCount)
  const { topic } = first
  const dead = [first]
  while (dead.length < producerCount) {
    dead.push(await Publishing.start(cluster, topic, partitionCount))
  }
  const events = Array.from({ length: count }, (_, index) => {
    const owner = dead[index % producerCount]
    assert.ok(owner !== undefined)
    return owner.next()
  })
  for (const publishing of dead) await publishing.publisher.close()
  return { topic, events }
}

interface Costs {
  readonly produce: number
  readonly asks: number
  readonly fetches: number
  readonly listOffsets: number
  readonly tookMs: number
}

/** All must be settled where they stand, each once. */
async function recover(
  t: TestContext,
  { topic, events }: Left,
  partitionCount: number,
): Promise<Costs> {
  await using successor = await Publishing.start(cluster, topic, partitionCount)
  const proxy = proxyOf(cluster)
  const counts = (): number[] => Object.values(API_KEYS).map((apiKey) => proxy.requestCount(apiKey))
  const countsBefore = counts()
  const startMs = performance.now()
  const acks = await Promise.all(events.map((pending) => successor.publisher.recover(pending)))
  const tookMs = performance.now() - startMs
  const [produce = 0, fetches = 0, listOffsets = 0, asks = 0] = counts().map(
    (count, index) => count - (countsBefore[index] ?? 0),
  )
  t.diagnostic(
    `${events.length} events in ${tookMs.toFixed(0)} ms: ${produce} Produce, ${asks} DescribeProducers, ${fetches} Fetch, ${listOffsets} ListOffsets`,
  )
  const records = await readTopic(cluster.bootstrapServers, topic)
  const placeOf = new Map(
    records.map(({ headers, partition, offset }) => [headers['ce_id'], `${partition}@${offset}`]),
  )
  assert.equal(placeOf.size, records.length, 'no event stands twice')
  assert.deepEqual(
    acks.map(({ position }) => `${position.partition}@${position.offset}`),
    events.map(({ event }) => placeOf.get(event.eventId)),
  )
  return { produce, asks, fetches, listOffsets, tookMs }
}

/**
 * A round is a question, a look and a batch of each producer. One more round finds nothing missing.
 * Events that are recovered while the first look runs come in a second turn.
 */
function assertBounded(
  costs: Costs,
  { events, producers, partitions }: { events: number; producers: number; partitions: number },
): void {
  const rounds = Math.ceil(events / partitions / producers / BATCH_EVENTS_MAX) + 1
  const turns = 2
  const asksMax = partitions * (rounds + 1) * turns
  assert.ok(costs.produce <= partitions * producers * rounds * turns, `${costs.produce} Produce`)
  assert.ok(costs.asks <= asksMax, `${costs.asks} questions`)
  // Each look asks where the log begins and ends.
  assert.ok(costs.listOffsets <= 2 * asksMax, `${costs.listOffsets} ListOffsets`)
  // A page has 256 kB, of which an event takes less than one; and each look may end on an empty one.
  const pages = Math.ceil((events * 1_000) / (256 * 1_024))
  assert.ok(costs.fetches <= pages + 2 * asksMax, `${costs.fetches} Fetch`)
}

test('1,000 events that two dead instances left in turns are published in a few batches', async (t) => {
  const size = { events: 1_000, producers: 2, partitions: 1 }
  const left = await leavePending(size.events, size.producers, size.partitions)
  assertBounded(await recover(t, left, size.partitions), size)
})

test('10,000 events that five dead instances left on three partitions are published in a few batches', async (t) => {
  const size = { events: 10_000, producers: 5, partitions: 3 }
  const left = await leavePending(size.events, size.producers, size.partitions)
  assertBounded(await recover(t, left, size.partitions), size)
})
