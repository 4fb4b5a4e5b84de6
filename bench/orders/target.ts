import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { findFreePort } from '../../dev-services/ports.ts'
import { openPostgresStore } from '../../src/service/storage/postgres/store.ts'
import { openSqliteStore } from '../../src/service/storage/sqlite/store.ts'
import { infrastructure } from '../../test/support/infrastructure.ts'
import { createTestSchema } from '../../test/support/postgres-schema.ts'
import { startService } from '../../test/support/service-process.ts'
import { until } from '../../test/support/until.ts'
import { fillStore } from '../store-load.ts'
import type { TargetShape } from './cases.ts'

/** A process that is measured. */
export interface Target extends AsyncDisposable {
  readonly shape: TargetShape
  readonly url: string
  readonly pid: number
  /** By its main thread since it began. */
  readonly allocatedBytes: () => Promise<number>
}

const HEAP_PROBE = new URL('heap-probe.ts', import.meta.url).href
const BARE_SERVER = new URL('../bare-server.ts', import.meta.url).pathname
/** A full run with a million orders takes its time. */
const LIFE_MS_MAX = 3 * 60 * 60_000
const LEASE_MS = 60_000

/** `folder` is for its files. The servers run already. */
export async function startTarget(shape: TargetShape, folder: string): Promise<Target> {
  const probePath = join(folder, `${randomUUID().slice(0, 8)}.probe`)
  const allocatedBytes = async (): Promise<number> => Number(await text(connect(probePath)))
  const started =
    shape.store === 'none' ? await startBare(probePath) : await startCart(shape, folder, probePath)
  return { shape, allocatedBytes, ...started }
}

type Started = Omit<Target, 'shape' | 'allocatedBytes'>

async function startBare(probePath: string): Promise<Started> {
  const port = await findFreePort()
  const url = `http://127.0.0.1:${port}`
  const child = spawn(process.execPath, [`--import=${HEAP_PROBE}`, BARE_SERVER, String(port)], {
    stdio: 'inherit',
    env: { ...process.env, CART_HEAP_PROBE: probePath },
    timeout: LIFE_MS_MAX,
  })
  const exited = once(child, 'exit')
  await until(async () => (await fetch(`${url}/health/live`)).ok, 'the bare server listens')
  if (child.pid === undefined) throw new Error('the bare server has no process')
  return {
    url,
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await exited
    },
  }
}

async function startCart(shape: TargetShape, folder: string, probePath: string): Promise<Started> {
  await using resources = new AsyncDisposableStack()
  const settings = serviceSettings(await makeDatabase(shape, folder, resources), shape.partitions)
  const service = await startService(
    { ...settings, CART_HEAP_PROBE: probePath },
    { imports: [HEAP_PROBE], lifeMsMax: LIFE_MS_MAX },
  )
  resources.defer(async () => void (await service.end('SIGTERM')))
  const owned = resources.move()
  return {
    url: service.url,
    pid: service.pid,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** On a topic of its own. */
export function serviceSettings(databaseUrl: string, partitions: number): Record<string, string> {
  const { kafkaBootstrapServers, schemaRegistryUrl } = infrastructure()
  return {
    KAFKA_BOOTSTRAP_SERVERS: kafkaBootstrapServers,
    SCHEMA_REGISTRY_URL: schemaRegistryUrl,
    KAFKA_TOPIC: `bench-${randomUUID()}`,
    KAFKA_TOPIC_PARTITIONS: String(partitions),
    DATABASE_URL: databaseUrl,
    LOG_LEVEL: 'warn',
  }
}

async function makeDatabase(
  { store, storedOrders }: TargetShape,
  folder: string,
  resources: AsyncDisposableStack,
): Promise<string> {
  if (store === 'postgres') {
    const schema = resources.use(await createTestSchema())
    if (storedOrders > 0) {
      const place = { url: schema.url(), database: schema.name, mustBeDurable: true }
      await fill(await openPostgresStore({ ...place, leaseMs: LEASE_MS }), storedOrders)
    }
    return schema.url()
  }
  const path = join(folder, `${randomUUID()}.db`)
  if (storedOrders > 0) await fill(await openSqliteStore({ path }), storedOrders)
  return `sqlite:${path}`
}

async function fill(
  store: Awaited<ReturnType<typeof openSqliteStore>>,
  count: number,
): Promise<void> {
  process.stderr.write(`storing ${count} orders …\n`)
  await fillStore(store, count)
  await store.close()
}
