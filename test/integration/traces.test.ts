import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { freshSettings } from '../support/own-service.ts'
import { startOtlpReceiver, type OtlpReceiver, type Span } from '../support/otlp-receiver.ts'
import { readTopic } from '../support/read-topic.ts'
import { startService } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'

/** The service with the ready-made preload of examples/tracing, and a receiver of OTLP over HTTP. */

const PRELOAD = new URL('../../examples/tracing/tracing.ts', import.meta.url).href

const FAILPOINTS = new URL('../support/failpoints.ts', import.meta.url).href

async function receiverOf(t: TestContext): Promise<OtlpReceiver> {
  const receiver = await startOtlpReceiver()
  t.after(() => receiver[Symbol.dispose]())
  return receiver
}

function createOrder(url: string, orderId = 'ORD-1', headers = {}): Promise<Response> {
  return send(`${url}/api/create-order`, 'POST', { orderId, numItems: 1 }, headers)
}

function send(url: string, method: string, body: object, headers = {}): Promise<Response> {
  const type = { 'content-type': 'application/json' }
  return fetch(url, { method, headers: { ...type, ...headers }, body: JSON.stringify(body) })
}

/** In the order of the versions that they make. */
const CHANGES = [
  ['POST', '/api/create-order', { orderId: 'ORD-1', numItems: 1 }],
  ['PUT', '/api/update-order', { orderId: 'ORD-1', status: 'cancelled' }],
  ['POST', '/api/operations/erasures', { orderId: 'ORD-1' }],
] as const

test('a change is one trace, from the request to the topic and back', async (t) => {
  const receiver = await receiverOf(t)
  const settings = freshSettings()
  const service = await startService(
    {
      ...settings,
      LOG_LEVEL: 'debug',
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_TRACES_SAMPLER_ARG: '1',
    },
    { imports: [PRELOAD] },
  )
  t.after(() => service.end('SIGKILL'))
  for (const [method, path, body] of CHANGES) {
    const { status } = await send(service.url + path, method, body)
    assert.ok(status === 200 || status === 201, `${path}: ${status}`)
  }
  const { KAFKA_TOPIC: topic } = settings
  /** Of each change: the request, the change, its batch, its settling. */
  const find = (): Array<Array<Span | undefined>> =>
    CHANGES.map(([method, path]) => {
      const server = receiver.spans.find(({ name }) => name === `${method} ${path}`)
      const below = receiver.spans.filter(({ traceId }) => traceId === server?.traceId)
      const names = [`create ${topic}`, `send ${topic}`, 'settle']
      return [server, ...names.map((name) => below.find((span) => span.name === name))]
    })
  await until(
    () => find().every((spans) => spans.every((span) => span !== undefined)),
    () => `all spans are received: ${receiver.spans.map(({ name }) => name).join()}`,
  )
  const records = await readTopic(settings.KAFKA_BOOTSTRAP_SERVERS, topic)
  for (const [index, [server, change, batch, settle]] of find().entries()) {
    assert.equal(change?.parentSpanId, server?.spanId)
    for (const below of [batch, settle]) assert.equal(below?.parentSpanId, change?.spanId)
    assert.deepEqual(
      batch?.links?.map(({ spanId }) => spanId),
      [change?.spanId],
    )
    const header = records[index]?.headers['traceparent']
    assert.equal(header, `00-${change?.traceId}-${change?.spanId}-01`)
    const logged = `"trace_id":"${server?.traceId}","span_id":"${server?.spanId}"`
    await until(() => service.output().includes(logged), 'the line of the request names its trace')
  }
})

test('a trace is kept where its caller keeps it, and of the others the share', async (t) => {
  const receiver = await receiverOf(t)
  const settings = freshSettings()
  const service = await startService(
    {
      ...settings,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_TRACES_SAMPLER_ARG: '0',
    },
    { imports: [PRELOAD] },
  )
  t.after(() => service.end('SIGKILL'))
  const unkept = '00-1bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00'
  const kept = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  for (const [orderId, headers] of [
    ['ORD-1', {}],
    ['ORD-2', { traceparent: unkept }],
    ['ORD-3', { traceparent: kept }],
  ] as const) {
    assert.equal((await createOrder(service.url, orderId, headers)).status, 201)
  }
  await until(
    () => receiver.spans.some(({ name }) => name === 'settle'),
    'the spans of the third request are received',
  )
  const traceIds = new Set(receiver.spans.map(({ traceId }) => traceId))
  assert.deepEqual([...traceIds], [kept.slice(3, 35)])
  const records = await readTopic(settings.KAFKA_BOOTSTRAP_SERVERS, settings.KAFKA_TOPIC)
  const carried = (orderId: string): string | undefined =>
    records.find(({ headers }) => headers['ce_subject'] === orderId)?.headers['traceparent']
  assert.equal(carried('ORD-1'), undefined)
  assert.equal(carried('ORD-2'), unkept)
  assert.equal(carried('ORD-3')?.slice(3, 35), kept.slice(3, 35))
})

test('what a dead service left is recovered in a trace of its own, linked to the one on the topic', async (t) => {
  const receiver = await receiverOf(t)
  const settings = {
    ...freshSettings(`sqlite:${await temporaryFolder(t)}/cart.db`),
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_TRACES_SAMPLER_ARG: '1',
  }
  const first = await startService(
    { ...settings, CART_FAILPOINT: 'before settle 1' },
    { imports: [PRELOAD, FAILPOINTS] },
  )
  t.after(() => first.end('SIGKILL'))
  // It dies before it answers, unless the machine is so busy that it has given up waiting by then.
  await createOrder(first.url).catch(() => undefined)
  assert.equal((await first.exited).signal, 'SIGKILL')
  const second = await startService(settings, { imports: [PRELOAD] })
  t.after(() => second.end('SIGKILL'))
  const { KAFKA_TOPIC: topic } = settings
  const find = (): Span | undefined =>
    receiver.spans.find(({ name }) => name === `recover ${topic}`)
  await until(() => find() !== undefined, 'the span of the recovery is received')
  const records = await readTopic(settings.KAFKA_BOOTSTRAP_SERVERS, topic)
  assert.equal(records.length, 1)
  const recover = find()
  const [link] = recover?.links ?? []
  assert.equal(records[0]?.headers['traceparent'], `00-${link?.traceId}-${link?.spanId}-01`)
  assert.notEqual(recover?.traceId, link?.traceId)
  assert.ok((recover?.parentSpanId ?? '') === '')
})
