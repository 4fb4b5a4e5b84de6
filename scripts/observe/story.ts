import { randomUUID } from 'node:crypto'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { startOrderLoad } from '../../test/fault/harness/order-load.ts'
import { infrastructure } from '../../test/support/infrastructure.ts'
import { startTestBroker } from '../../test/support/kafka-broker.ts'
import { startOtlpReceiver, type ReceivedSpan } from '../../test/support/otlp-receiver.ts'
import { createTestSchema } from '../../test/support/postgres-schema.ts'
import { startService, untilReady } from '../../test/support/service-process.ts'
import { startPrometheus, type Prometheus } from './prometheus.ts'

/**
 * What the pictures are of: two instances on one PostgreSQL and one Kafka, asked all the time. The broker
 * falls silent and comes back, is killed and started, and at last one instance dies with events in doubt.
 */

const TRACING = new URL('../../examples/tracing/tracing.ts', import.meta.url).href

const NAMES = ['cart-1', 'cart-2'] as const

const WORKERS = 24
const PAUSE_MS = 50

/**
 * Longer than a change may wait, so that there are answers "unknown" and "not applied"; shorter than a lease,
 * so that nobody takes over from an instance that lives. And the outage is longer than both.
 */
const SILENCE_S = 7
const OUTAGE_S = 12
const HEALTHY_S = 30

export interface Chapter {
  readonly title: string
  /** Seconds since 1970. */
  readonly from: number
  readonly to: number
}

export interface Story {
  readonly chapters: readonly Chapter[]
  readonly spans: readonly ReceivedSpan[]
}

/** `draw` reads from Prometheus while it is there. */
export async function tellStory(
  draw: (prometheus: Prometheus, chapters: readonly Chapter[]) => Promise<void>,
): Promise<Story> {
  await using resources = new AsyncDisposableStack()
  const receiver = resources.use(await startOtlpReceiver())
  const broker = await startTestBroker()
  resources.defer(() => broker.close())
  const schema = resources.use(await createTestSchema())
  const topic = `orders-${randomUUID()}`
  const start = (name: string, port?: string) =>
    startService(
      {
        KAFKA_BOOTSTRAP_SERVERS: broker.bootstrapServers,
        SCHEMA_REGISTRY_URL: infrastructure().schemaRegistryUrl,
        KAFKA_TOPIC: topic,
        DATABASE_URL: schema.url(),
        LOG_LEVEL: 'warn',
        OTEL_SERVICE_NAME: name,
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        OTEL_TRACES_SAMPLER_ARG: '1',
        ...(port !== undefined && { API_PORT: port }),
      },
      { imports: [TRACING] },
    )
  const [first, second] = await Promise.all(NAMES.map((name) => start(name)))
  if (first === undefined || second === undefined) throw new TypeError('two instances were started')
  resources.defer(async () => void (await first.end('SIGTERM')))
  const urls = [first.url, second.url]
  const prometheus = resources.use(
    await startPrometheus({
      [NAMES[0]]: new URL(first.url).host,
      [NAMES[1]]: new URL(second.url).host,
    }),
  )
  const reader = new AbortController()
  void readStream(first.url, reader.signal)
  resources.defer(() => reader.abort())
  const load = startOrderLoad({ urls, workers: WORKERS, pauseMs: PAUSE_MS })

  const chapters: Chapter[] = []
  const chapter = async (title: string, act: () => Promise<unknown>): Promise<void> => {
    const from = Date.now() / 1_000
    process.stderr.write(`${title} …\n`)
    await act()
    chapters.push({ title, from, to: Date.now() / 1_000 })
  }
  await chapter('under load', () => delay(HEALTHY_S * 1_000))
  await chapter('the broker is silent', async () => {
    broker.pause()
    await delay(SILENCE_S * 1_000)
    broker.resume()
  })
  await chapter('recovered', () => delay(HEALTHY_S * 1_000))
  await chapter('the broker is gone', async () => {
    await broker.kill()
    await delay(OUTAGE_S * 1_000)
    await broker.start()
    await untilReady(first)
  })
  await chapter('recovered', () => delay(HEALTHY_S * 1_000))
  await chapter('cart-2 is killed with events in doubt', async () => {
    broker.pause()
    // Its callers are told "unknown", and the spans of their requests have left.
    await delay(SILENCE_S * 1_000)
    await second.end('SIGKILL')
    broker.resume()
    await delay(OUTAGE_S * 1_000)
  })
  await chapter('cart-2 is back', async () => {
    const again = await start(NAMES[1], new URL(second.url).port)
    resources.defer(async () => void (await again.end('SIGTERM')))
    await delay(HEALTHY_S * 1_000)
  })
  await load.stop()
  // The last spans leave once a second.
  await delay(3_000)
  await draw(prometheus, chapters)
  return { chapters, spans: receiver.spans }
}

async function readStream(url: string, signal: AbortSignal): Promise<void> {
  try {
    const answer = await fetch(`${url}/api/events/stream`, { signal })
    for await (const _ of answer.body ?? []) if (signal.aborted) break
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
