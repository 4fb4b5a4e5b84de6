import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import { findFreePort } from '../../dev-services/ports.ts'
import { startOrderLoad, type OrderLoad } from '../fault/harness/order-load.ts'
import { SeededRandom } from '../fault/harness/seeded-random.ts'
import { openEventStream, type StreamEvent } from '../support/event-stream.ts'
import { infrastructure } from '../support/infrastructure.ts'
import { freshSettings, startOwnService } from '../support/own-service.ts'
import { createTestSchema } from '../support/postgres-schema.ts'
import { readTopic } from '../support/read-topic.ts'
import { type ServiceProcess } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'
import { startWanderingReader, type WanderingReader } from '../support/wandering-reader.ts'

const READERS = 6
const CONFIRMED_TO_GO_ON = 300

async function startReaders(
  t: TestContext,
  urls: () => readonly string[],
): Promise<WanderingReader[]> {
  const readers: WanderingReader[] = []
  for (let index = 0; index < READERS; index += 1) {
    const query = index % 2 === 0 ? '' : '?from=beginning'
    const reader = await startWanderingReader(urls, new SeededRandom(index), query)
    t.after(() => reader.stop())
    readers.push(reader)
  }
  return readers
}

function startLoad(t: TestContext, urls: readonly string[]): OrderLoad {
  const load = startOrderLoad({ urls, workers: 16 })
  t.after(() => load.stop())
  return load
}

async function runWell({ journal }: OrderLoad, services: readonly ServiceProcess[]): Promise<void> {
  const enough = journal.confirmedCount + CONFIRMED_TO_GO_ON
  await until(
    () => journal.confirmedCount >= enough,
    () =>
      `changes are confirmed; the services wrote:\n${services.map((one) => one.output()).join()}`,
  )
}

const COUNT_PENDING = 'SELECT count(*) AS count FROM order_events WHERE topic_offset IS NULL'

function idsOf(events: readonly StreamEvent[]): Set<string> {
  return new Set(events.map(({ data }) => data.eventId))
}

/** Every event of the topic, none twice, each order by its versions. */
async function assertReadersSawEverything(
  readers: readonly WanderingReader[],
  { KAFKA_TOPIC: topic }: { readonly KAFKA_TOPIC: string },
  service: ServiceProcess,
  countPending: () => number | Promise<number>,
): Promise<void> {
  // What a killed service left may reach the topic only now.
  await until(async () => (await countPending()) === 0, 'nothing is pending')
  let onTopic = new Set<string>()
  await until(async () => {
    const records = await readTopic(infrastructure().kafkaBootstrapServers, topic)
    onTopic = new Set(records.map(({ headers }) => headers['ce_id'] ?? ''))
    const whole = await openEventStream(`${service.url}/api/events/stream?from=beginning`)
    await until(() => whole.events.length >= onTopic.size, 'the stream has what the topic has')
    whole.close()
    return whole.events.length === onTopic.size
  }, 'everything is settled')
  await until(
    () => readers.every(({ eventCount }) => eventCount() >= onTopic.size),
    () => {
      const counts = readers.map(({ eventCount }) => eventCount())
      return `every reader has the ${onTopic.size} events of the topic, they have ${counts.join(', ')}`
    },
  )
  for (const reader of readers) await reader.stop()
  for (const [index, { events, connectionCount }] of readers.entries()) {
    assert.ok(connectionCount() > 5, 'the reader has connected often')
    assert.equal(idsOf(events).size, events.length, `reader ${index} saw nothing twice`)
    assert.deepEqual(onTopic.difference(idsOf(events)), new Set(), `reader ${index} missed nothing`)
    assert.equal(events.length, onTopic.size)
    const versions = new Map<string, number>()
    for (const { data } of events) {
      const { orderId } = data.order
      assert.equal(data.version, (versions.get(orderId) ?? 0) + 1, `reader ${index}, ${orderId}`)
      versions.set(orderId, data.version)
    }
  }
}

test('readers miss nothing and see nothing twice over cut connections, SIGKILL and SIGTERM', async (t) => {
  const path = join(await temporaryFolder(t), 'cart.db')
  const settings = freshSettings(`sqlite:${path}`)
  const fixed = { ...settings, API_PORT: String(await findFreePort()) }
  let service = await startOwnService(t, fixed)
  const readers = await startReaders(t, () => [service.url])
  const load = startLoad(t, [service.url])
  await runWell(load, [service])
  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    const { code } = await service.end(signal)
    assert.equal(code, signal === 'SIGTERM' ? 0 : null, service.output())
    service = await startOwnService(t, fixed)
    await runWell(load, [service])
  }
  await load.stop()
  await assertReadersSawEverything(readers, settings, service, () => {
    using db = new DatabaseSync(path, { readOnly: true })
    return Number(db.prepare(COUNT_PENDING).get()?.['count'])
  })
})

test('readers wander between two instances on PostgreSQL, one of which is killed, and miss nothing', async (t) => {
  const schema = await createTestSchema()
  t.after(() => schema.drop())
  // What the killed one leaves is settled when its lease has run out.
  const settings = { ...freshSettings(schema.url()), INSTANCE_LEASE_MS: '5000' }
  const ports = [String(await findFreePort()), String(await findFreePort())]
  const [one, other] = await Promise.all(
    ports.map((port) => startOwnService(t, { ...settings, API_PORT: port })),
  )
  assert.ok(one && other)
  const urls = [one.url, other.url]
  const readers = await startReaders(t, () => urls)
  const load = startLoad(t, urls)
  await runWell(load, [one, other])
  await one.end('SIGKILL')
  const again = await startOwnService(t, { ...settings, API_PORT: ports[0] ?? '' })
  await runWell(load, [again, other])
  await load.stop()
  await assertReadersSawEverything(readers, settings, again, async () => {
    const [row] = await schema.sql<{ count: string }>(COUNT_PENDING)
    return Number(row?.count)
  })
})
