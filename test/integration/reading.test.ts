import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { toOrderJson } from '../../src/api/schemas/order-json.ts'
import { decodeOrder } from '../../src/service/schema-registry/order-codec.ts'
import { infrastructure } from '../support/infrastructure.ts'
import { createTestSchema } from '../support/postgres-schema.ts'
import { readTopic, type ReadRecord } from '../support/read-topic.ts'
import { startService } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: {
    readonly code?: string
    readonly data?: unknown
    readonly nextCursor?: string | null
  }
}

async function send(
  method: string,
  url: string,
  body?: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: { ...(body && { 'content-type': 'application/json' }), ...headers },
    ...(body && { body: JSON.stringify(body) }),
  })
  const answer = (await response.json()) as Answer['body']
  return { status: response.status, headers: response.headers, body: answer }
}

interface DescribedJson {
  readonly key: { readonly text: string; readonly hex: string }
  readonly headers: readonly { readonly name: string; readonly value: string }[]
  readonly value: {
    readonly sizeBytes: number
    readonly framingHex: string
    readonly base64: string
    readonly order: object
  }
}

/** What the service tells of an event is what a consumer gets from the topic. */
function assertDescribes(data: unknown, record: ReadRecord): void {
  const { key, headers, value } = data as DescribedJson
  assert.deepEqual([key.text, key.hex], [record.key, Buffer.from(record.key).toString('hex')])
  const described = headers.map((header) => [header.name, header.value])
  assert.deepEqual(described, Object.entries(record.headers))
  assert.equal(value.base64, record.value.toString('base64'))
  assert.equal(value.sizeBytes, record.value.length)
  assert.equal(value.framingHex, record.value.subarray(0, 5).toString('hex'))
  assert.deepEqual(value.order, toOrderJson(decodeOrder(record.value).order))
}

for (const database of ['SQLite', 'PostgreSQL'] as const) {
  test(`what was written is read back, and a request is carried out once, on ${database}`, async (t) => {
    const schema = database === 'PostgreSQL' ? await createTestSchema() : undefined
    t.after(() => schema?.drop())
    const { kafkaBootstrapServers, schemaRegistryUrl } = infrastructure()
    const topic = `orders-${randomUUID()}`
    const settings = {
      KAFKA_BOOTSTRAP_SERVERS: kafkaBootstrapServers,
      SCHEMA_REGISTRY_URL: schemaRegistryUrl,
      KAFKA_TOPIC: topic,
      DATABASE_URL: schema?.url() ?? `sqlite:${await temporaryFolder(t)}/cart.db`,
    }
    let service = await startService(settings)
    t.after(() => service.end('SIGKILL'))
    const api = (path: string): string => `${service.url}/api/${path}`
    const key = { 'idempotency-key': randomUUID() }
    const order = { orderId: 'ORD-1', numItems: 2 }

    const answers = await Promise.all(
      Array.from({ length: 50 }, () => send('POST', api('create-order'), order, key)),
    )
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [201])
    assert.equal(new Set(answers.map(({ body }) => JSON.stringify(body))).size, 1)
    const replayed = answers.filter(({ headers }) => headers.get('idempotent-replayed') === 'true')
    assert.equal(replayed.length, 49)

    await service.end('SIGKILL')
    service = await startService(settings)
    const again = await send('POST', api('create-order'), order, key)
    assert.deepEqual([again.status, again.body], [201, answers[0]?.body])
    const other = await send('POST', api('create-order'), { ...order, numItems: 3 }, key)
    assert.deepEqual([other.status, other.body.code], [422, 'IDEMPOTENCY_KEY_REUSED'])

    const change = { orderId: 'ORD-1', status: 'shipped' }
    const lost = await send('PUT', api('update-order'), change, { 'if-match': '"2"' })
    assert.deepEqual([lost.status, lost.body.code], [412, 'VERSION_MOVED'])
    const done = await send('PUT', api('update-order'), change, { 'if-match': '"1"' })
    assert.deepEqual([done.status, done.headers.get('etag')], [200, '"2"'])

    const found = await send('GET', api('orders/ORD-1'))
    assert.deepEqual([found.headers.get('etag'), found.body.data], ['"2"', done.body.data])
    const listed = await send('GET', api('orders?status=shipped'))
    assert.deepEqual([listed.body.data, listed.body.nextCursor], [[done.body.data], null])
    const history = await send('GET', api('orders/ORD-1/events'))
    const records = await readTopic(kafkaBootstrapServers, topic)
    assert.deepEqual(
      (history.body.data as object[]).map((event) => ({ ...event, time: undefined })),
      records.map(({ headers, partition, offset, value }, index) => ({
        eventId: headers['ce_id'],
        type: headers['ce_type'],
        version: index + 1,
        time: undefined,
        status: index === 0 ? 'pending' : 'shipped',
        topic,
        partition,
        offset,
        schemaId: value.readInt32BE(1),
      })),
    )
    for (const [index, record] of records.entries()) {
      const { body } = await send('GET', api(`orders/ORD-1/events/${index + 1}`))
      assertDescribes(body.data, record)
    }
    const never = await send('GET', api('orders/ORD-1/events/3'))
    assert.deepEqual([never.status, never.body.code], [404, 'EVENT_NOT_FOUND'])
    const missing = await send('GET', api('orders/ORD-2/events'))
    assert.deepEqual([missing.status, missing.body.code], [404, 'ORDER_NOT_FOUND'])
  })
}
