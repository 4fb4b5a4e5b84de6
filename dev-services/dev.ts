import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { serviceUrl } from '../src/cli/service-url.ts'
import { ConfigError, loadConfig, type Config } from '../src/config/config.ts'
import type { Environment } from '../src/config/environment.ts'
import { readConfig } from '../src/config/read-config.ts'
import { escapeHiddenInLines } from '../src/models/visible-text.ts'
import {
  planDependencies,
  startOwnKafka,
  startOwnRegistry,
  type DependencyPlan,
} from './dependencies.ts'
import { DEV_HELP, readDevOptions, type DevOptions } from './dev-options.ts'
import { DevSession, StopRequested } from './dev-session.ts'
import { sendDemoTraffic, showLiveOrders } from './live-orders.ts'
import { explainApiPort } from './plan.ts'
import { listenError } from './ports.ts'
import { countPartitions, latestSchemaId } from './probes.ts'
import { renderSummary } from './summary.ts'
import { startSupervised } from './supervised-process.ts'
import { waitUntil } from './wait-until.ts'

/**
 * `npm run dev`: starts what is missing of Kafka and the schema registry, then the service, prints
 * where everything is, then a line for each event, and stops what it started on Ctrl-C.
 * `npm run dev -- --help` names its options.
 *
 * For tests only: DEV_KAFKA_PORT and DEV_REGISTRY_PORT instead of 9092 and 8081, DEV_DATA_DIR
 * instead of .dev.
 */

const root = fileURLToPath(new URL('../', import.meta.url))
const dataDir = process.env['DEV_DATA_DIR'] ?? join(root, '.dev')
const kafkaPort = Number(process.env['DEV_KAFKA_PORT'] ?? 9092)
const registryPort = Number(process.env['DEV_REGISTRY_PORT'] ?? 8081)

/** Where it listens if nobody says otherwise: without authentication, on a developer's machine. */
const OWN_MACHINE = 'localhost'

const readyTimeoutMs = 30_000
const healthTimeoutMs = 2_000
/** How much longer than its own SHUTDOWN_TIMEOUT_MS the service may take. */
const serviceStopMarginMs = 5_000

/** The plan, and the settings that follow from it, as the service gets them. */
interface DevPlan {
  readonly dependencies: DependencyPlan
  readonly env: Environment
  readonly config: Config
}

process.exit(await main())

/** Resolves with the exit code. */
async function main(): Promise<number> {
  const options = readDevOptions(process.argv.slice(2))
  if ('problems' in options) return refuse(options.problems)
  if (options.help) {
    for (const line of DEV_HELP) say(line)
    return 0
  }
  const session = new DevSession()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => session.requestStop())
  }
  // The process that started this one, and would hand signals on, was killed.
  process.once('disconnect', () => session.requestStop())

  try {
    const planned = await plan()
    if ('problems' in planned) return refuse(planned.problems)
    // The first order may come before all of the summary is known.
    const sinceMs = Date.now()
    await start(session, planned)
    await runUntilEnded(session, planned.config, sinceMs, options)
  } catch (error) {
    session.fail(error)
  }
  const reason: unknown = session.signal.reason
  const isRequested = reason instanceof StopRequested
  if (!isRequested) {
    const text = reason instanceof Error ? reason.message : String(reason)
    // It may have the words of a broker, of a registry or of Maven.
    say(`\n${escapeHiddenInLines(text)}`)
  }
  if (!session.isEmpty) {
    say('Stopping')
    await session.stopAll()
    say('Stopped')
  }
  return isRequested ? 0 : 1
}

async function runUntilEnded(
  session: DevSession,
  config: Config,
  sinceMs: number,
  { demo, quiet }: DevOptions,
): Promise<void> {
  const { signal } = session
  if (!quiet) {
    const hint = demo ? '' : ' npm run dev -- --demo sends orders.'
    say(`  Events follow as they come; --quiet shows none.${hint}\n`)
    void showLiveOrders(config, sinceMs, say, signal)
  }
  // Stopping does not wait for the answers that are still to come.
  if (demo) void sendDemoTraffic(config, signal)
  await session.ended()
}

function refuse(problems: readonly string[]): number {
  process.stderr.write(`${escapeHiddenInLines(problems.join('\n'))}\n`)
  return 1
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

async function plan(): Promise<DevPlan | { readonly problems: readonly string[] }> {
  try {
    const { apiPort, ...settings } = readConfig()
    const apiHost = isSet('API_HOST') ? settings.apiHost : OWN_MACHINE
    const dependencies = await planDependencies({
      kafkaPort,
      registryPort,
      isKafkaConfigured: isSet('KAFKA_BOOTSTRAP_SERVERS'),
      isRegistryConfigured: isSet('SCHEMA_REGISTRY_URL'),
    })
    const apiError = await listenError(apiHost, apiPort)
    const apiProblems = apiError === undefined ? [] : [explainApiPort(apiHost, apiPort, apiError)]
    const problems = [...apiProblems, ...dependencies.problems]
    if (problems.length > 0) return { problems }
    const env = environmentOf(dependencies)
    return { dependencies, env, config: loadConfig(env) }
  } catch (error) {
    if (error instanceof ConfigError) return { problems: [error.message] }
    throw error
  }
}

/** As the settings see it: blank is absent. */
function isSet(variable: string): boolean {
  return (process.env[variable] ?? '').trim() !== ''
}

function environmentOf({ kafka, registry }: DependencyPlan): Environment {
  return {
    // For people, whether or not this is a terminal.
    LOG_FORMAT: 'lines',
    ...process.env,
    ...(isSet('API_HOST') ? {} : { API_HOST: OWN_MACHINE }),
    ...(kafka.kind === 'configured' ? {} : { KAFKA_BOOTSTRAP_SERVERS: `localhost:${kafkaPort}` }),
    ...(registry.kind === 'configured'
      ? {}
      : { SCHEMA_REGISTRY_URL: `http://localhost:${registryPort}` }),
  }
}

async function start(session: DevSession, { dependencies, env, config }: DevPlan): Promise<void> {
  const { kafka, registry, java = 'java' } = dependencies
  const { signal } = session
  const common = { session, java, dataDir, report: say }
  if (kafka.kind === 'start') await startOwnKafka({ ...common, port: kafkaPort })
  if (registry.kind === 'start') await startOwnRegistry({ ...common, port: registryPort })
  signal.throwIfAborted()
  say('Starting the service')
  const service = await startSupervised({
    command: process.execPath,
    args: ['src/main.mjs'],
    cwd: root,
    env,
    output: 'inherit',
    killAfterMs: config.shutdownTimeoutMs + serviceStopMarginMs,
  })
  session.own('The service', service)
  const apiUrl = serviceUrl(config)
  const isReady = await waitUntil(() => isOk(`${apiUrl}/health/ready`), {
    timeoutMs: readyTimeoutMs,
    signal,
  })
  const summary = await summarise(config, dependencies)
  say(renderSummary({ ...summary, apiUrl, isReady }, process.stdout))
}

async function isOk(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(healthTimeoutMs) })).ok
  } catch {
    return false
  }
}

async function summarise(config: Config, { kafka, registry }: DependencyPlan) {
  const { kafkaTopic, kafkaBootstrapServers, schemaRegistryUrl } = config
  const subject = `${kafkaTopic}-value`
  const [broker] = kafkaBootstrapServers
  return {
    kafka: kafkaBootstrapServers.map(({ host, port }) => `${host}:${port}`).join(', '),
    topic: kafkaTopic,
    partitions: broker && (await countPartitions(broker.host, broker.port, kafkaTopic)),
    whyKafka: kafka.why,
    registry: schemaRegistryUrl,
    subject,
    schemaId: await latestSchemaId(
      schemaRegistryUrl,
      subject,
      userInfoOf(config.schemaRegistryAuth),
    ),
    whyRegistry: registry.why,
    store: describeStore(config.database),
    orderId: `ORD-${Date.now().toString(36).toUpperCase()}`,
  }
}

/** Of other credentials the summary goes without the schema id. */
function userInfoOf(auth: Config['schemaRegistryAuth']): string | undefined {
  return auth.kind === 'basic' && auth.userInfo.kind === 'text' ? auth.userInfo.text : undefined
}

function describeStore(database: Config['database']): string {
  return database.kind === 'sqlite' ? `SQLite, ${database.path}` : `PostgreSQL, ${database.name}`
}
