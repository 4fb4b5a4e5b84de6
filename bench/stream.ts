import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { globalSetup, globalTeardown } from '../test/support/global-setup.ts'
import { infrastructure } from '../test/support/infrastructure.ts'
import { startService } from '../test/support/service-process.ts'
import { runLoad, type LoadFigures } from './orders/load.ts'
import { processMicros } from './orders/process-usage.ts'

/**
 * What readers of the stream cost those who write: orders at a steady rate, without readers and with
 * them, in turns; and whether each reader got every event once, over all its connections. The whole
 * service (real Kafka and registry, SQLite on disk), the load and the readers are processes of their
 * own on one machine.
 */

const { values } = parseArgs({
  options: {
    readers: { type: 'string', default: '200' },
    rate: { type: 'string', default: '2000' },
    connections: { type: 'string', default: '64' },
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
  },
})

interface ReaderFigures {
  readonly readers: number
  readonly events: number
  readonly bytes: number
  readonly lost: number
  readonly repeated: number
  readonly reconnects: number
  readonly failed: number
}

function scriptAt(name: string): string {
  return new URL(name, import.meta.url).pathname
}

function load(url: string, seconds = values.seconds): Promise<LoadFigures> {
  return runLoad({
    kind: 'create',
    items: 3,
    hasRandomIds: false,
    url,
    connections: Number(values.connections),
    seconds: Number(seconds),
    perSecond: Number(values.rate),
  })
}

/** Resolves once all of them follow; what is returned ends them, and tells what they saw. */
async function startReaders(url: string): Promise<() => Promise<ReaderFigures>> {
  const args = [scriptAt('stream-readers.ts'), `${url}/api/events/stream`, values.readers]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  await lines.next()
  return async () => {
    const exited = once(child, 'exit')
    child.stdin.end()
    const { value } = (await lines.next()) as { value: string | undefined }
    await exited
    if (value === undefined) throw new Error('the readers have failed')
    return JSON.parse(value) as ReaderFigures
  }
}

/** The rate and the latency depend on what else runs on the machine; the processor time hardly does. */
async function measure(name: string): Promise<void> {
  const before = await processMicros(service.pid)
  const figures = await load(service.url)
  const micros = (await processMicros(service.pid)) - before
  printLoad(name, figures)
  process.stdout.write(
    `  the service used ${Math.round(micros / figures.answered)} µs of CPU for each order\n`,
  )
}

function printLoad(name: string, { perSecond, p50Ms, p99Ms, maxMs, failed }: LoadFigures): void {
  process.stdout.write(
    `${name.padEnd(16)}${Math.round(perSecond)}/s   p50 ${p50Ms} ms   p99 ${p99Ms} ms   max ${maxMs} ms   failed ${failed}\n`,
  )
}

function printReaders(figures: ReaderFigures): void {
  const { readers, events, bytes, lost, repeated, reconnects, failed } = figures
  process.stdout.write(
    `  ${readers} readers got ${events} events (${Math.round(bytes / 1e6)} MB) over ${reconnects} reconnects: ` +
      `lost ${lost}, repeated ${repeated}, dropped ${failed}\n`,
  )
}

await globalSetup()
const dir = await mkdtemp(join(tmpdir(), 'cart-service-bench-'))
const service = await startService({
  KAFKA_BOOTSTRAP_SERVERS: infrastructure().kafkaBootstrapServers,
  SCHEMA_REGISTRY_URL: infrastructure().schemaRegistryUrl,
  KAFKA_TOPIC: `bench-${randomUUID()}`,
  DATABASE_URL: `sqlite:${join(dir, 'cart.db')}`,
  LOG_LEVEL: 'warn',
})
try {
  process.stdout.write(
    `${values.rate} orders a second of 3 items over ${values.connections} connections, ${values.seconds} s each\n`,
  )
  await load(service.url, '3')
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    await measure('without readers')
    const end = await startReaders(service.url)
    await measure('with readers')
    printReaders(await end())
  }
} finally {
  await service.end('SIGTERM')
  await rm(dir, { recursive: true, force: true })
  await globalTeardown()
}
