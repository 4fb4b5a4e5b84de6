import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { findFreePort } from '../../dev-services/ports.ts'
import { freshSettings } from '../support/own-service.ts'
import { readTopic } from '../support/read-topic.ts'
import { startService } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'

/** The service with the ready-made preload of examples/tracing, and a receiver of OTLP over HTTP. */

const PRELOAD = new URL('../../examples/tracing/tracing.ts', import.meta.url).href

const FAILPOINTS = new URL('../support/failpoints.ts', import.meta.url).href

interface Span {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly links?: ReadonlyArray<{ readonly traceId: string; readonly spanId: string }>
}

interface OtlpTraces {
  readonly resourceSpans: ReadonlyArray<{
    readonly scopeSpans: ReadonlyArray<{ readonly spans: readonly Span[] }>
  }>
}

async function startReceiver(t: TestContext): Promise<{ url: string; spans: readonly Span[] }> {
  const spans: Span[] = []
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { resourceSpans } = JSON.parse(body) as OtlpTraces
      spans.push(
        ...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((one) => one.spans)),
      )
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  const port = await findFreePort()
  server.listen(port, '127.0.0.1')
  t.after(() => server.close())
  return { url: `http://127.0.0.1:${port}`, spans }
}

function createOrder(url: string): Promise<Response> {
  return fetch(`${url}/api/create-order`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ orderId: 'ORD-1', numItems: 1 }),
  })
}

test('a change is one trace, from the request to the topic and back', async (t) => {
  const receiver = await startReceiver(t)
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
  assert.equal((await createOrder(service.url)).status, 201)
  const { KAFKA_TOPIC: topic } = settings
  const names = ['POST /api/create-order', `create ${topic}`, `send ${topic}`, 'settle']
  const find = (name: string): Span | undefined => receiver.spans.find((span) => span.name === name)
  await until(
    () => names.every((name) => find(name) !== undefined),
    () => `all spans are received: ${receiver.spans.map(({ name }) => name).join()}`,
  )
  const [server, create, send, settle] = names.map(find)
  assert.equal(new Set([server, create, send, settle].map((span) => span?.traceId)).size, 1)
  assert.equal(create?.parentSpanId, server?.spanId)
  for (const below of [send, settle]) assert.equal(below?.parentSpanId, create?.spanId)
  assert.deepEqual(
    send?.links?.map(({ spanId }) => spanId),
    [create?.spanId],
  )
  const logged = `"trace_id":"${server?.traceId}","span_id":"${server?.spanId}"`
  await until(() => service.output().includes(logged), 'the line of the request names its trace')
  const [record] = await readTopic(settings.KAFKA_BOOTSTRAP_SERVERS, topic)
  const header = record?.headers['traceparent']
  assert.equal(header, `00-${create?.traceId}-${create?.spanId}-01`)
})

test('what a dead service left is recovered in a trace of its own, linked to the one on the topic', async (t) => {
  const receiver = await startReceiver(t)
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
  await assert.rejects(createOrder(first.url))
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
