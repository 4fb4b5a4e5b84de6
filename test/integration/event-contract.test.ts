import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { suite, test, type TestContext } from 'node:test'
import avro from 'avsc'
import type { AsyncApi, AsyncApiMessage } from '../../src/api/async-api.ts'
import { partitionOf } from '../../src/service/kafka/partitioner.ts'
import { compileAsyncApiSchema, compileHeadersSchema } from '../support/async-api-schema.ts'
import { infrastructure } from '../support/infrastructure.ts'
import { readTopic, type ReadRecord } from '../support/read-topic.ts'
import { startService } from '../support/service-process.ts'

/** What the service says of its events, what the registry has, and the bytes on the topic, side by side. */

const PARTITION_COUNT = 3

const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

/** Of ids in ASCII, in other letters, and in several partitions. */
const ORDER_IDS = [
  'ORD-1',
  'Zoë "50 %"',
  '注文 🛒',
  'two words',
  '%41',
  ...Array.from('abcdef', (id) => `ORD-${id}`),
]

type Published = Awaited<ReturnType<typeof publishChanges>>

async function publishChanges(t: TestContext, keyFormat: 'string' | 'avro') {
  const { kafkaBootstrapServers, schemaRegistryUrl } = infrastructure()
  const topic = `contract-${randomUUID()}`
  const service = await startService({
    KAFKA_BOOTSTRAP_SERVERS: kafkaBootstrapServers,
    SCHEMA_REGISTRY_URL: schemaRegistryUrl,
    KAFKA_TOPIC: topic,
    KAFKA_TOPIC_PARTITIONS: String(PARTITION_COUNT),
    KAFKA_KEY_FORMAT: keyFormat,
    DATABASE_URL: 'sqlite::memory:',
  })
  t.after(() => service.end('SIGKILL'))
  const answers = new Map<string, unknown>()
  for (const orderId of ORDER_IDS) {
    const created = await send(service.url, 'POST', '/api/create-order', { orderId, numItems: 2 })
    const changed = await send(service.url, 'PUT', '/api/update-order', {
      orderId,
      status: 'shipped',
    })
    answers.set(`${orderId} 1`, created).set(`${orderId} 2`, changed)
  }
  const document = (await (await fetch(`${service.url}/asyncapi.json`)).json()) as AsyncApi
  const schemaFile: unknown = await (await fetch(`${service.url}/schemas/order.avsc`)).json()
  const records = await readTopic(kafkaBootstrapServers, document.channels.orderEvents.address)
  return { document, schemaFile, records, answers, topic }
}

/** Only updates carry a trace context, so that the topic has events with it and without. */
async function send(url: string, method: string, path: string, body: object): Promise<unknown> {
  const trace = method === 'PUT' ? { traceparent: TRACEPARENT } : {}
  const headers = { 'content-type': 'application/json', ...trace }
  const response = await fetch(`${url}${path}`, { method, headers, body: JSON.stringify(body) })
  const answer = (await response.json()) as { success: boolean; data: unknown }
  assert.ok(answer.success, JSON.stringify(answer))
  return answer.data
}

function messageOf({ document }: Published, { headers }: ReadRecord): AsyncApiMessage {
  const found = Object.values(document.channels.orderEvents.messages).filter(
    (message) => message.headers.properties['ce_type']?.const === headers['ce_type'],
  )
  const [message, ...others] = found
  assert.ok(message && others.length === 0, `one message of the document is ${headers['ce_type']}`)
  return message
}

async function registered(path: string): Promise<{ subject?: string; schema: string }> {
  const response = await fetch(`${infrastructure().schemaRegistryUrl}${path}`)
  assert.equal(response.status, 200, path)
  return (await response.json()) as { subject?: string; schema: string }
}

/** As the document says: schemaIdLocation payload, schemaIdPayloadEncoding confluent. */
function unframe(bytes: Buffer): { schemaId: number; binary: Buffer } {
  assert.equal(bytes[0], 0)
  return { schemaId: bytes.readInt32BE(1), binary: bytes.subarray(5) }
}

async function assertSameSchema(
  schemaId: number,
  subject: string,
  schema: object | string,
): Promise<void> {
  const byId = await registered(`/schemas/ids/${schemaId}`)
  assert.deepEqual(JSON.parse(byId.schema), schema)
  const bySubject = await registered(`/subjects/${subject}/versions/latest`)
  assert.deepEqual(JSON.parse(bySubject.schema), schema)
}

function orderIdOf({ headers }: ReadRecord): string {
  return headers['ce_subject'] ?? ''
}

for (const keyFormat of ['string', 'avro'] as const) {
  suite(`the document, the registry and the topic, with ${keyFormat} keys`, () => {
    test('agree on headers, key, partition, schema and value of every event', async (t) => {
      const published = await publishChanges(t, keyFormat)
      const { document, schemaFile, records, answers, topic } = published
      const validate = compileAsyncApiSchema()
      assert.ok(validate(document), JSON.stringify(validate.errors?.slice(0, 5)))
      assert.equal(records.length, ORDER_IDS.length * 2)
      assert.ok(new Set(records.map(({ partition }) => partition)).size > 1)
      for (const record of records) {
        const message = messageOf(published, record)
        assertHeaders(message, record)
        const { schemaId, binary } = unframe(record.value)
        const { schema } = message.payload
        assert.deepEqual(schema, schemaFile)
        await assertSameSchema(schemaId, `${topic}-value`, schema)
        const value: unknown = avro.Type.forSchema(schema as avro.Schema).fromBuffer(binary)
        const answered = answers.get(
          `${orderIdOf(record)} ${Number(record.headers['ce_sequence'])}`,
        )
        // The prototype of avsc's records is not that of JSON's.
        assert.deepEqual(JSON.parse(JSON.stringify(value)), answered)
        await assertKey(message, record, topic, keyFormat)
        const keyBytes = record.record.key ?? assert.fail('no key')
        assert.equal(record.partition, partitionOf(keyBytes, PARTITION_COUNT))
      }
    })
  })
}

function assertHeaders(message: AsyncApiMessage, { headers, record }: ReadRecord): void {
  const validate = compileHeadersSchema(message.headers)
  assert.ok(validate(headers), JSON.stringify(validate.errors))
  assert.equal(record.headers.length, Object.keys(headers).length, 'no header stands twice')
  assert.equal(headers['traceparent'], message.name === 'OrderCreated' ? undefined : TRACEPARENT)
  assert.equal(headers['content-type'], message.contentType)
}

async function assertKey(
  { bindings }: AsyncApiMessage,
  record: ReadRecord,
  topic: string,
  keyFormat: 'string' | 'avro',
): Promise<void> {
  const { key } = bindings.kafka
  assert.equal(key.type, 'string')
  if (keyFormat === 'string') {
    assert.equal(record.key, orderIdOf(record))
    return
  }
  assert.ok(key.description.includes(`${topic}-key`))
  const { schemaId, binary } = unframe(record.record.key ?? assert.fail('no key'))
  await assertSameSchema(schemaId, `${topic}-key`, 'string')
  assert.equal(avro.Type.forSchema('string').fromBuffer(binary), orderIdOf(record))
}
