import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { alterClientQuotasV1 } from '@platformatic/kafka'
import { KafkaCluster } from '../../src/service/kafka/cluster.ts'
import { startTestCluster, type TestCluster } from '../support/kafka-cluster.ts'
import type { KafkaProxy } from '../support/kafka-proxy.ts'
import { API_KEYS } from '../support/produce-frame.ts'
import { until } from '../support/until.ts'
import { proxyOf } from './harness/broker-answers.ts'
import { Publishing } from './harness/publishing.ts'

/** A broker that works, and makes its client wait: a quota, a link that carries little. */

const QUOTA_BYTES_PER_SECOND = 10_000

/** More than the quota allows in the ten seconds that the broker looks at. */
const BURSTS = 3
const BURST_EVENTS = 40
const EVENT_BYTES = 2_000

const PATIENCE_MS = 60_000

/** The topic is asked about every five seconds, on a connection of its own. */
const METADATA_EVERY_MS = 5_000

let cluster: TestCluster
let proxy: KafkaProxy

before(async () => {
  cluster = await startTestCluster(1)
  proxy = proxyOf(cluster)
})

after(() => cluster.close())

async function limitClient(bytesPerSecond: number | undefined): Promise<void> {
  const broker = new KafkaCluster('test-admin', 'none', [{ host: '127.0.0.1', port: proxy.port }])
  const key = 'producer_byte_rate' as const
  const change =
    bytesPerSecond === undefined
      ? ({ key, remove: true } as const)
      : ({ key, value: bytesPerSecond, remove: false } as const)
  const everyClient = { entityType: 'client-id', entityName: null } as const
  await broker.askAnyBroker((connection) =>
    alterClientQuotasV1.api.async(connection, [{ entities: [everyClient], ops: [change] }], false),
  )
}

test('a client that is throttled waits as long as it is told, and keeps its connection', async (t) => {
  await using publishing = await Publishing.start(cluster)
  await limitClient(QUOTA_BYTES_PER_SECOND)
  t.after(() => limitClient(undefined))
  const connectionsBefore = proxy.connectionCount()
  const produceBefore = proxy.produceCount()
  const startMs = performance.now()
  for (let burst = 0; burst < BURSTS; burst += 1) {
    // A lane that is throttled for long admits nothing.
    await until(() => publishing.next().partition === 0, 'the lane is open', PATIENCE_MS)
    const events = Array.from({ length: BURST_EVENTS }, () => publishing.next(EVENT_BYTES))
    const outcomes = await Promise.all(
      events.map((pending) => publishing.publish(pending, PATIENCE_MS)),
    )
    assert.ok(outcomes.every(({ kind }) => kind === 'acked'))
  }
  const tookMs = performance.now() - startMs
  const connections = proxy.connectionCount() - connectionsBefore
  const produced = proxy.produceCount() - produceBefore
  t.diagnostic(
    `${tookMs.toFixed(0)} ms, ${produced} Produce, ${connections} connections; health: ${publishing.troubles.join('; ')}`,
  )
  assert.ok(tookMs > 2_000, 'it was throttled')
  // L15: where an ack was slow the lane has gone on alone.
  assert.ok(
    connections <= Math.ceil(tookMs / METADATA_EVERY_MS) + 2,
    `${connections} connections were opened`,
  )
  assert.ok(produced <= 2 * BURSTS, `${produced} Produce requests`)
  for (const trouble of publishing.troubles) assert.doesNotMatch(trouble, /timed out|silent/iu)
})

/** More than a link that is slow carries within the time of a request, many times. */
const RECORDS = 40
const RECORD_BYTES = 50_000
const LINK_BYTES_PER_SECOND = 400_000
const PAGE_BYTES = 256 * 1_024

test('a look over a slow link gets further with each page, and ends', async (t) => {
  await using publishing = await Publishing.start(cluster)
  const missing = publishing.next()
  // Each in a batch of its own: a broker answers whole batches.
  for (let count = 0; count < RECORDS; count += 1) {
    await publishing.publish(publishing.next(RECORD_BYTES))
  }
  await publishing.publisher.close()

  await using successor = await Publishing.start(cluster, publishing.topic)
  await proxy.setLink({ bytesPerSecond: LINK_BYTES_PER_SECOND })
  t.after(() => proxy.setLink('open'))
  const fetchesBefore = proxy.requestCount(API_KEYS.fetch)
  const startMs = performance.now()
  const { position } = await successor.publisher.recover({ ...missing, searchFromOffset: 0 })
  const fetches = proxy.requestCount(API_KEYS.fetch) - fetchesBefore
  t.diagnostic(`${(performance.now() - startMs).toFixed(0)} ms, ${fetches} Fetch`)
  await proxy.setLink('open')
  assert.deepEqual(await publishing.offsetsOf(missing), [position.offset])
  const pages = Math.ceil((RECORDS * RECORD_BYTES) / PAGE_BYTES)
  assert.ok(fetches <= 2 * pages + 4, `${fetches} pages were read, of ${pages}`)
})
