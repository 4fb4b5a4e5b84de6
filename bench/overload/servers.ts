import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { findFreePort, isListening } from '../../dev-services/ports.ts'
import { FakeRegistry } from '../../test/support/fake-registry.ts'
import { startTestBroker, type TestBroker } from '../../test/support/kafka-broker.ts'
import { startPostgresCluster } from '../../test/support/postgres-cluster.ts'
import { createTestSchema } from '../../test/support/postgres-schema.ts'
import { startService } from '../../test/support/service-process.ts'
import { until } from '../../test/support/until.ts'

/** What is put under load. */
export interface Target extends AsyncDisposable {
  readonly port: number
  readonly pid: number
  /** Resolves with how it ended. */
  readonly exited: Promise<string>
}

/** What the service needs; it ends with this. */
export interface Servers extends AsyncDisposable {
  readonly broker: TestBroker
  /** On a topic and a store of its own. */
  startService(): Promise<Target>
}

const LIFE_MS_MAX = 30 * 60_000

/** The registry is in this process: under load the service does not ask it. */
export async function startServers(
  store: 'sqlite' | 'postgres',
  settings: Readonly<Record<string, string>>,
): Promise<Servers> {
  await using resources = new AsyncDisposableStack()
  const broker = await startTestBroker()
  resources.defer(() => broker.close())
  const registry = resources.use(await FakeRegistry.start())
  const postgres = store === 'postgres' ? await startPostgresCluster() : undefined
  if (postgres !== undefined) resources.defer(() => postgres.close())
  const owned = resources.move()
  return {
    broker,
    startService: () =>
      startTarget(postgres?.url, {
        KAFKA_BOOTSTRAP_SERVERS: broker.bootstrapServers,
        SCHEMA_REGISTRY_URL: registry.url,
        KAFKA_TOPIC: `bench-${randomUUID()}`,
        LOG_LEVEL: 'warn',
        ...settings,
      }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function startTarget(
  postgresUrl: string | undefined,
  settings: Readonly<Record<string, string>>,
): Promise<Target> {
  await using resources = new AsyncDisposableStack()
  const databaseUrl = await openStore(resources, postgresUrl)
  const all = { DATABASE_URL: databaseUrl, ...settings }
  const service = await startService(all, { lifeMsMax: LIFE_MS_MAX })
  resources.defer(async () => void (await service.end('SIGTERM')))
  const owned = resources.move()
  return {
    port: Number(new URL(service.url).port),
    pid: service.pid,
    exited: service.exited.then(
      ({ code, signal }) => `it ended with ${signal ?? code}; it wrote:\n${service.output()}`,
    ),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function openStore(
  resources: AsyncDisposableStack,
  postgresUrl: string | undefined,
): Promise<string> {
  if (postgresUrl !== undefined) return resources.use(await createTestSchema(postgresUrl)).url()
  const dir = await mkdtemp(join(tmpdir(), 'cart-service-bench-'))
  resources.defer(() => rm(dir, { recursive: true, force: true }))
  return `sqlite:${join(dir, 'cart.db')}`
}

/** A server that has nothing behind it, and takes so many creates a second. */
export async function startStub(perSecond: number): Promise<Target> {
  const port = await findFreePort()
  const script = fileURLToPath(new URL('stub-server.ts', import.meta.url))
  const child = spawn(process.execPath, [script, String(port), String(perSecond)], {
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: LIFE_MS_MAX,
  })
  const exited = once(child, 'exit').then(([code, signal]) => `it ended with ${signal ?? code}`)
  process.once('exit', () => void child.kill('SIGKILL'))
  await until(() => isListening(port), 'the stub listens')
  return {
    port,
    pid: child.pid ?? 0,
    exited,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await exited
    },
  }
}
