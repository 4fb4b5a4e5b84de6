import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { findTools } from '../../dev-services/find-tools.ts'
import { startKafka } from '../../dev-services/kafka.ts'
import { fetchLibrary } from '../../dev-services/libraries.ts'
import { findFreePort } from '../../dev-services/ports.ts'
import { startRegistry } from '../../dev-services/registry.ts'
import { startPostgresCluster } from './postgres-cluster.ts'

/**
 * For `node --test --test-global-setup=test/support/global-setup.ts`, and for scripts: one Kafka, one
 * schema registry and one PostgreSQL for all of a run, with data that nobody sees again. Test files run in child
 * processes, which inherit CART_TEST_KAFKA, CART_TEST_REGISTRY and CART_TEST_POSTGRES;
 * infrastructure.ts reads them. What is set already is not started: a developer keeps servers running
 * and saves the seconds.
 */

const started = new AsyncDisposableStack()

export async function globalSetup(): Promise<void> {
  try {
    await inParallel(setUpPostgres(), setUpKafkaAndRegistry())
  } catch (error) {
    await started.disposeAsync()
    throw error
  }
}

/** Rejects only when none of them is still starting something. */
async function inParallel(...starts: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(starts)).find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
}

async function setUpPostgres(): Promise<void> {
  if (process.env['CART_TEST_POSTGRES'] !== undefined) return
  const cluster = await startPostgresCluster()
  started.defer(() => cluster.close())
  process.env['CART_TEST_POSTGRES'] = cluster.url
}

async function setUpKafkaAndRegistry(): Promise<void> {
  const { env } = process
  if (env['CART_TEST_KAFKA'] !== undefined && env['CART_TEST_REGISTRY'] !== undefined) return
  const java = await findJavaOrThrow()
  const kafkaLib = await fetchLibrary('kafka', { report })
  const registryLib = await fetchLibrary('registry', { report })
  const dir = await mkdtemp(join(tmpdir(), 'cart-service-test-'))
  started.defer(() => rm(dir, { recursive: true, force: true }))

  await inParallel(startBroker(java, kafkaLib, dir), startSchemaRegistry(java, registryLib, dir))
}

async function startBroker(java: string, libDir: string, dir: string): Promise<void> {
  const kafka = await startKafka({
    libDir,
    java,
    port: await findFreePort(),
    dataDir: join(dir, 'kafka'),
    logFile: join(dir, 'kafka.log'),
  })
  started.defer(async () => {
    // Its data goes with it.
    kafka.signal('SIGKILL')
    await kafka.exited
  })
  process.env['CART_TEST_KAFKA'] = kafka.bootstrapServers
}

async function startSchemaRegistry(java: string, libDir: string, dir: string): Promise<void> {
  const registry = await startRegistry({
    libDir,
    java,
    port: await findFreePort(),
    dataDir: join(dir, 'registry'),
    logFile: join(dir, 'registry.log'),
  })
  started.defer(async () => void (await registry.stop()))
  process.env['CART_TEST_REGISTRY'] = registry.url
}

export async function globalTeardown(): Promise<void> {
  await started.disposeAsync()
}

async function findJavaOrThrow(): Promise<string> {
  const { java, problems } = await findTools(['kafka', 'registry'])
  if (java !== undefined && problems.length === 0) return java
  throw new Error(
    `${problems.join('\n')}\nTests take CART_TEST_KAFKA and CART_TEST_REGISTRY for the last of these.`,
  )
}

function report(line: string): void {
  process.stderr.write(`${line}\n`)
}
