import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs, promisify } from 'node:util'
import { findFreePort } from '../dev-services/ports.ts'
import { globalSetup, globalTeardown } from '../test/support/global-setup.ts'
import { infrastructure } from '../test/support/infrastructure.ts'
import { startService } from '../test/support/service-process.ts'
import { until } from '../test/support/until.ts'

/**
 * Creates per second and their latency: the whole service (real Kafka and registry, SQLite on disk),
 * and a bare Fastify with the same routes and schemas, in turns on the same machine. The load comes
 * from a third process. What counts is the ratio: figures of different machines say little.
 */

const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '256' },
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
  },
})

interface Figures {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  readonly failed: number
}

const run = promisify(execFile)

async function load(url: string, seconds = values.seconds): Promise<Figures> {
  const script = new URL('load.ts', import.meta.url).pathname
  const { stdout } = await run(process.execPath, [script, url, values.connections, seconds])
  return JSON.parse(stdout) as Figures
}

async function startBare(): Promise<{ url: string; child: ChildProcess }> {
  const port = await findFreePort()
  const url = `http://127.0.0.1:${port}`
  const script = new URL('bare-server.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [script, String(port)], { stdio: 'inherit' })
  await until(async () => (await fetch(`${url}/health/live`)).ok, 'the bare server listens')
  return { url, child }
}

function print(name: string, { perSecond, p50Ms, p99Ms, maxMs, failed }: Figures): void {
  const rate = String(Math.round(perSecond)).padStart(7)
  process.stdout.write(
    `${name.padEnd(14)}${rate}/s   p50 ${p50Ms} ms   p99 ${p99Ms} ms   max ${maxMs} ms   failed ${failed}\n`,
  )
}

await globalSetup()
const dir = await mkdtemp(join(tmpdir(), 'cart-service-bench-'))
const bare = await startBare()
const service = await startService({
  KAFKA_BOOTSTRAP_SERVERS: infrastructure().kafkaBootstrapServers,
  SCHEMA_REGISTRY_URL: infrastructure().schemaRegistryUrl,
  KAFKA_TOPIC: `bench-${randomUUID()}`,
  DATABASE_URL: `sqlite:${join(dir, 'cart.db')}`,
  LOG_LEVEL: 'warn',
})
try {
  process.stdout.write(
    `${values.connections} connections, ${values.seconds} s each, 3 items an order\n`,
  )
  for (const { url } of [bare, service]) await load(url, '3')
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    const bareFigures = await load(bare.url)
    const serviceFigures = await load(service.url)
    print('bare Fastify', bareFigures)
    print('CartService', serviceFigures)
    const ratio = (serviceFigures.perSecond / bareFigures.perSecond).toFixed(2)
    process.stdout.write(`round ${round}: ratio ${ratio}\n`)
  }
} finally {
  const ended = once(bare.child, 'exit')
  bare.child.kill('SIGTERM')
  await ended
  await service.end('SIGTERM')
  await rm(dir, { recursive: true, force: true })
  await globalTeardown()
}
