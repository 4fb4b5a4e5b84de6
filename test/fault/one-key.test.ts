import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { after, before, test } from 'node:test'
import { infrastructure } from '../support/infrastructure.ts'
import { startTestCluster, type TestCluster } from '../support/kafka-cluster.ts'
import { createTestSchema } from '../support/postgres-schema.ts'
import { readTopic } from '../support/read-topic.ts'
import { spawnService, startService } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { createPostgresReader } from './harness/postgres-reader.ts'
import { createSqliteReader } from './harness/store-reader.ts'
import { until } from '../support/until.ts'

/** Callers who ask the same with the same key, at once, again and again until they are told. */
const CALLERS = 50
const PAUSE_BETWEEN_TRIES_MS = 100

const NO_ANSWER = 'no answer'

/** All that may be said before the broker has acknowledged the event: neither "yes" nor "no". */
const UNDECIDED = [
  NO_ANSWER,
  '409 REQUEST_IN_FLIGHT',
  '503 KAFKA_UNAVAILABLE unknown',
  '503 STORE_UNAVAILABLE unknown',
]

interface Answer {
  /** Status, and of an error its code and outcome. */
  readonly what: string
  readonly text: string
  readonly isReplayed: boolean
}

let cluster: TestCluster

before(async () => {
  cluster = await startTestCluster(1)
})

after(() => cluster.close())

for (const database of ['SQLite', 'PostgreSQL'] as const) {
  test(`${CALLERS} posts with one key through a broker pause and a service kill have one order, one event, one answer, on ${database}`, async (t) => {
    const schema = database === 'PostgreSQL' ? await createTestSchema() : undefined
    t.after(() => schema?.drop())
    const file = `${await temporaryFolder(t)}/cart.db`
    const store = schema ? createPostgresReader(schema.url()) : createSqliteReader(file)
    const topic = `orders-${randomUUID()}`
    const settings = {
      KAFKA_BOOTSTRAP_SERVERS: cluster.bootstrapServers,
      SCHEMA_REGISTRY_URL: infrastructure().schemaRegistryUrl,
      KAFKA_TOPIC: topic,
      // A service is ready with one lane open, and the order has to have it.
      KAFKA_TOPIC_PARTITIONS: '1',
      DATABASE_URL: schema?.url() ?? `sqlite:${file}`,
      INSTANCE_LEASE_MS: '3000',
    }
    let service = await startService(settings)
    t.after(() => service.end('SIGKILL'))
    const [broker] = cluster.brokers
    t.after(() => broker?.resume())
    const body = JSON.stringify({ orderId: 'ORD-1', numItems: 2 })
    const key = randomUUID()
    const told: string[] = []
    const ended = new AbortController()
    t.after(() => ended.abort())

    /** Undefined: no answer came. */
    async function askOnce(): Promise<Answer | undefined> {
      try {
        const response = await fetch(`${service.url}/api/create-order`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'idempotency-key': key },
          body,
        })
        const text = await response.text()
        const { code, outcome } = JSON.parse(text) as { code?: string; outcome?: string }
        const what = [response.status, code, outcome].filter(Boolean).join(' ')
        const isReplayed = response.headers.get('idempotent-replayed') === 'true'
        return { what, text, isReplayed }
      } catch {
        return undefined
      }
    }

    async function askUntilDecided(): Promise<Answer> {
      for (;;) {
        ended.signal.throwIfAborted()
        const answer = await askOnce()
        told.push(answer?.what ?? NO_ANSWER)
        if (answer !== undefined && !UNDECIDED.includes(answer.what)) return answer
        await setTimeout(PAUSE_BETWEEN_TRIES_MS)
      }
    }

    broker?.pause()
    const asking = Promise.all(Array.from({ length: CALLERS }, askUntilDecided))
    // What ends them early is reported by itself.
    asking.catch(() => {})
    await until(
      async () => (await store.pendingIds()).length > 0,
      () => `the event is pending; told: ${[...new Set(told)].join(', ')}\n${service.output()}`,
    )
    await service.end('SIGKILL')
    service = await spawnService({ ...settings, API_PORT: new URL(service.url).port })
    await until(
      () => told.filter((what) => what !== NO_ANSWER).length >= CALLERS,
      () =>
        `the callers are answered while the broker is paused; the service wrote:\n${service.output()}`,
    )
    const toldInPause = [...new Set(told)]
    broker?.resume()
    const answers = await asking

    t.diagnostic(`told: ${[...new Set(told)].join(', ')}`)
    for (const what of toldInPause) assert.ok(UNDECIDED.includes(what), what)
    assert.deepEqual([...new Set(answers.map(({ what }) => what))], ['201'])
    assert.equal(new Set(answers.map(({ text }) => text)).size, 1, 'one answer')
    assert.ok(answers.every(({ isReplayed }) => isReplayed))
    const listed = await fetch(`${service.url}/api/orders`)
    assert.equal(((await listed.json()) as { data: readonly object[] }).data.length, 1)
    const records = await readTopic(cluster.bootstrapServers, topic)
    assert.deepEqual(
      records.map(({ key: orderId, headers }) => [orderId, headers['ce_type']]),
      [['ORD-1', 'com.ecommerce.order.created']],
    )
  })
}
