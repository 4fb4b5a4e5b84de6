import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import avro from 'avsc'
import type { AsyncApi } from '../../src/api/async-api.ts'
import { describeEvents } from '../../src/service/event-contract.ts'
import { compileAsyncApiSchema, compileHeadersSchema } from '../support/async-api-schema.ts'
import { startTestServer, type TestServer } from './harness.ts'

const SCHEMA_FILE = readFileSync(new URL('../../schemas/order.avsc', import.meta.url), 'utf8')

async function readAsyncApi({ server }: TestServer): Promise<AsyncApi> {
  const response = await server.inject('/asyncapi.json')
  assert.equal(response.statusCode, 200)
  assert.match(String(response.headers['content-type']), /^application\/json/)
  return response.json()
}

for (const keyFormat of ['string', 'avro'] as const) {
  test(`describes the events in a valid AsyncAPI 3.0 document, with ${keyFormat} keys`, async (t) => {
    const eventContract = describeEvents('orders-of-today', keyFormat)
    const settings = { kafkaBootstrapServers: 'one:9092,[::1]:9093' }
    const document = await readAsyncApi(await startTestServer(t, { eventContract, settings }))
    const validate = compileAsyncApiSchema()
    assert.ok(validate(document), JSON.stringify(validate.errors?.slice(0, 5)))
    assert.equal(document.asyncapi, '3.0.0')
    assert.deepEqual(
      Object.values(document.servers).map(({ host }) => host),
      ['one:9092', '[::1]:9093'],
    )
    const { orderEvents } = document.channels
    assert.equal(orderEvents.address, 'orders-of-today')
    assert.equal(orderEvents.bindings.kafka.topic, 'orders-of-today')
    assert.deepEqual(Object.keys(orderEvents.messages), ['OrderCreated', 'OrderStatusChanged'])
    for (const message of Object.values(orderEvents.messages)) {
      const { description } = message.bindings.kafka.key
      assert.equal(description.includes('orders-of-today-key'), keyFormat === 'avro')
    }
  })
}

test('the validation of the AsyncAPI document sees what is wrong with one', async (t) => {
  const document = await readAsyncApi(await startTestServer(t))
  const validate = compileAsyncApiSchema()
  assert.ok(!validate({ ...document, asyncapi: '2.6.0' }))
  const harmed = structuredClone(document)
  const message = harmed.channels.orderEvents.messages['OrderCreated']
  assert.ok(message)
  message.bindings.kafka.schemaIdLocation = 'nowhere'
  assert.ok(!validate(harmed))
})

test('leaves no reference of the AsyncAPI document open', async (t) => {
  const document = await readAsyncApi(await startTestServer(t))
  for (const [, reference = ''] of JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]*)"/g)) {
    let target: unknown = document
    for (const name of reference.split('/')) target = (target as Record<string, unknown>)[name]
    assert.ok(target, reference)
  }
})

test('gives an example of each event that keeps its own rules', async (t) => {
  const document = await readAsyncApi(await startTestServer(t))
  for (const message of Object.values(document.channels.orderEvents.messages)) {
    const [example] = message.examples
    assert.ok(example)
    const validateHeaders = compileHeadersSchema(message.headers)
    assert.ok(validateHeaders(example.headers), JSON.stringify(validateHeaders.errors))
    assert.ok(avro.Type.forSchema(message.payload.schema as avro.Schema).isValid(example.payload))
  }
})

test('never shows the credentials of the registry in the AsyncAPI document', async (t) => {
  const settings = { schemaRegistryUrl: 'http://key:secret@registry:8081/apis/ccompat/v7' }
  const document = await readAsyncApi(await startTestServer(t, { settings }))
  const { bindings } = document.servers['kafka1'] ?? assert.fail('no server')
  assert.equal(bindings.kafka.schemaRegistryUrl, 'http://registry:8081/apis/ccompat/v7')
})

test('serves the schema file as it is, and the document has the same schema', async (t) => {
  const testServer = await startTestServer(t)
  const response = await testServer.server.inject('/schemas/order.avsc')
  assert.match(String(response.headers['content-type']), /^application\/vnd\.apache\.avro\+json/)
  assert.equal(response.body, SCHEMA_FILE)
  const document = await readAsyncApi(testServer)
  for (const { payload } of Object.values(document.channels.orderEvents.messages)) {
    assert.deepEqual(payload.schema, JSON.parse(SCHEMA_FILE))
  }
})

test('shows every header and every field of the events on one page that loads nothing of others', async (t) => {
  const testServer = await startTestServer(t)
  const page = await testServer.server.inject('/asyncapi')
  assert.equal(page.statusCode, 200)
  assert.match(String(page.headers['content-type']), /^text\/html/)
  const document = await readAsyncApi(testServer)
  const messages = Object.values(document.channels.orderEvents.messages)
  for (const { name, headers } of messages) {
    assert.ok(page.body.includes(`<h2>${name}</h2>`))
    for (const header of Object.keys(headers.properties)) {
      assert.ok(page.body.includes(`<dt><code>${header}</code>`), header)
    }
  }
  for (const path of ['orderId', 'items', 'items[].price', 'status']) {
    assert.ok(page.body.includes(`<code>${path}</code>`), path)
  }
  assert.doesNotMatch(page.body, /<img|@import|url\(|(?:src|href)="(?:\w+:)?\/\//)
  for (const [, target = ''] of page.body.matchAll(/href="([^"]*)"/g)) {
    if (target === 'data:,') continue
    const linked = await testServer.server.inject(`/${target}`)
    assert.equal(linked.statusCode, 200, target)
  }
})

test('lets only its own style and what the service serves into the page of the events', async (t) => {
  const { server } = await startTestServer(t)
  const { body, headers } = await server.inject('/asyncapi')
  const [, style = ''] = /<style>(.*)<\/style>/s.exec(body) ?? []
  const hash = createHash('sha256').update(style).digest('base64')
  const policy = String(headers['content-security-policy'])
  assert.ok(policy.startsWith("default-src 'none'; "))
  assert.ok(policy.includes(`style-src 'self' 'sha256-${hash}';`))
  assert.ok(policy.includes("script-src 'self';"))
  assert.doesNotMatch(policy, /unsafe|https?:|\*/)
})

for (const url of ['/asyncapi', '/asyncapi.json', '/schemas/order.avsc']) {
  test(`tells what ${url} takes to a caller that uses another method`, async (t) => {
    const { server } = await startTestServer(t)
    const response = await server.inject({ method: 'POST', url, payload: {} })
    assert.equal(response.statusCode, 405)
    assert.equal(response.headers['allow'], 'GET, HEAD, OPTIONS')
    assert.match(String(response.headers['content-type']), /^application\/problem\+json/)
  })
}
