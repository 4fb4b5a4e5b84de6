import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import avro from 'avsc'
import type { AsyncApi } from '../../src/api/async-api.ts'
import { partitionOf } from '../../src/service/kafka/partitioner.ts'
import { createRegistryClient } from '../../src/service/schema-registry/client.ts'
import { systemClock } from '../../src/service/system.ts'
import { compileHeadersSchema } from '../support/async-api-schema.ts'
import { infrastructure } from '../support/infrastructure.ts'
import { readTopic } from '../support/read-topic.ts'
import { startService } from '../support/service-process.ts'

/** Byte 0 and the schema id. */
const FRAMING_BYTES = 5

const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

test('the event document, the registry and the bytes on the topic say the same', async (t) => {
  const { kafkaBootstrapServers, schemaRegistryUrl } = infrastructure()
  const topic = `orders-${randomUUID()}`
  const service = await startService({
    KAFKA_BOOTSTRAP_SERVERS: kafkaBootstrapServers,
    SCHEMA_REGISTRY_URL: schemaRegistryUrl,
    KAFKA_TOPIC: topic,
    KAFKA_TOPIC_PARTITIONS: '5',
    DATABASE_URL: 'sqlite::memory:',
  })
  t.after(() => service.end('SIGKILL'))
  const registry = createRegistryClient({
    baseUrl: schemaRegistryUrl,
    timeoutMs: 10_000,
    clock: systemClock,
  })
  t.after(() => registry.close())

  async function send(method: string, path: string, body: object, more = {}): Promise<object> {
    const headers = { 'content-type': 'application/json', ...more }
    const response = await fetch(`${service.url}${path}`, {
      method,
      headers,
      body: JSON.stringify(body),
    })
    assert.ok(response.ok)
    return ((await response.json()) as { data: object }).data
  }

  const orderId = 'ORD-1 ä%'
  const answers = [
    await send('POST', '/api/create-order', { orderId, numItems: 2 }),
    await send(
      'PUT',
      '/api/update-order',
      { orderId, status: 'shipped' },
      { traceparent: TRACEPARENT },
    ),
  ]
  const document = (await (await fetch(`${service.url}/asyncapi.json`)).json()) as AsyncApi
  const { orderEvents } = document.channels
  assert.equal(orderEvents.address, topic)
  const messages = Object.values(orderEvents.messages)
  const records = await readTopic(kafkaBootstrapServers, topic)
  assert.equal(records.length, messages.length)

  for (const [index, { key, partition, value, headers }] of records.entries()) {
    const message = messages[index]
    assert.ok(message)
    const isAsDocumented = compileHeadersSchema(message.headers)
    assert.ok(isAsDocumented(headers), JSON.stringify(isAsDocumented.errors))

    assert.equal(value[0], 0)
    const registered = await registry.schemaById(value.readInt32BE(1))
    assert.deepEqual(JSON.parse(registered?.text ?? ''), message.payload.schema)
    const type = avro.Type.forSchema(message.payload.schema as avro.Schema)
    const decoded: unknown = type.fromBuffer(value.subarray(FRAMING_BYTES))
    assert.deepEqual(JSON.parse(JSON.stringify(decoded)), answers[index])

    assert.equal(key, orderId)
    assert.equal(partition, partitionOf(Buffer.from(orderId), 5))
  }

  const file = await fetch(`${service.url}/schemas/order.avsc`)
  assert.deepEqual(await file.json(), messages[0]?.payload.schema)
})
