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
 * `node --test --test-global-setup=test/support/global-setup.ts`: one Kafka, one schema registry and
 * one PostgreSQL for all test files of a run, with data that nobody sees again. The files run in child
 * processes, which inherit CART_TEST_KAFKA, CART_TEST_REGISTRY and CART_TEST_POSTGRES;
 * infrastructure.ts reads them. What is set already is not started: a developer keeps servers running
 * and saves the seconds.
 */

const started = new AsyncDisposableStack()

export async function globalSetup(): Promise<void> {
  try {
    await setUpPostgres()
    await setUpKafkaAndRegistry()
  } catch (error) {
    await started.disposeAsync()
    throw error
  }
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

  const kafka = await startKafka({
    libDir: kafkaLib,
    java,
    port: await findFreePort(),
    dataDir: join(dir, 'kafka'),
    logFile: join(dir, 'kafka.log'),
  })
  started.defer(async () => void (await kafka.stop()))
  const registry = await startRegistry({
    libDir: registryLib,
    java,
    port: await findFreePort(),
    dataDir: join(dir, 'registry'),
    logFile: join(dir, 'registry.log'),
  })
  started.defer(async () => void (await registry.stop()))

  env['CART_TEST_KAFKA'] = kafka.bootstrapServers
  env['CART_TEST_REGISTRY'] = registry.url
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
