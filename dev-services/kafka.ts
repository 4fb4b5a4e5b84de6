import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findFreePort } from './ports.ts'
import { isKafkaReady } from './probes.ts'
import { startSupervised, type ProcessExit } from './supervised-process.ts'
import { waitForStart } from './wait-for-start.ts'

const run = promisify(execFile)

const formatTimeoutMs = 60_000
const killAfterMs = 15_000

const jvmFlags = [
  '-Xmx512m',
  // Quick to start and small: one broker on a developer's machine is not busy.
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-Djava.awt.headless=true',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-Dorg.slf4j.simpleLogger.showDateTime=true',
  '-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS',
]

export interface KafkaOptions {
  /** The folder that {@link fetchLibrary} resolved with for `kafka`. */
  readonly libDir: string
  readonly java: string
  readonly port: number
  /** A free one by default. */
  readonly controllerPort?: number
  /** Kept over restarts; formatted when new. */
  readonly dataDir: string
  /** Of the cluster that a new data folder belongs to; one of its own by default. */
  readonly clusterId?: string
  /** Emptied at each start. */
  readonly logFile: string
  /** Added to server.properties, where they win. */
  readonly properties?: Readonly<Record<string, string>>
  /** More arguments of the tool that prepares a new data folder. */
  readonly formatArguments?: readonly string[]
  readonly moreJvmFlags?: readonly string[]
  readonly signal?: AbortSignal | undefined
}

export interface KafkaBroker {
  readonly bootstrapServers: string
  readonly port: number
  readonly pid: number
  readonly exited: Promise<ProcessExit>
  /** SIGSTOP and SIGCONT pause and resume the broker, SIGKILL ends it without a clean shutdown. */
  signal(name: NodeJS.Signals): void
  /** A clean shutdown, within a bound. Idempotent. */
  stop(): Promise<ProcessExit>
}

/**
 * Starts one Kafka node, broker and controller in one process, on localhost. Resolves when it
 * answers; rejects with a sentence for the user when it does not come up, leaving nothing behind.
 * Starting again on the same port and data after a kill is what a restart is.
 */
export async function startKafka(options: KafkaOptions): Promise<KafkaBroker> {
  const { libDir, java, port, dataDir, logFile, signal } = options
  const propertiesFile = await writeProperties(options)
  const classPath = ['-cp', join(libDir, '*')]
  if (!existsSync(join(dataDir, 'log', 'meta.properties'))) {
    await format([java, ...classPath], propertiesFile, options)
  }
  signal?.throwIfAborted()
  const broker = await startSupervised({
    command: java,
    args: [
      ...jvmFlags,
      ...(options.moreJvmFlags ?? []),
      ...classPath,
      'kafka.Kafka',
      propertiesFile,
    ],
    output: { file: logFile },
    killAfterMs,
  })
  await waitForStart(broker, {
    name: 'Kafka',
    isReady: () => isKafkaReady('localhost', port),
    logFile,
    signal,
  })
  return {
    bootstrapServers: `localhost:${port}`,
    port,
    pid: broker.pid,
    exited: broker.exited,
    signal: (name) => broker.signal(name),
    stop: () => broker.stop(),
  }
}

export function newClusterId(): string {
  return randomBytes(16).toString('base64url')
}

async function writeProperties(options: KafkaOptions): Promise<string> {
  const { port, dataDir, properties } = options
  const controllerPort = options.controllerPort ?? (await findFreePort())
  const entries = { ...defaultProperties(port, controllerPort, dataDir), ...properties }
  await mkdir(dataDir, { recursive: true })
  const file = join(dataDir, 'server.properties')
  const lines = Object.entries(entries).map(([name, value]) => `${name}=${escapeProperty(value)}`)
  await writeFile(file, `${lines.join('\n')}\n`)
  return file
}

/** Java reads these files as Latin-1, with a backslash as the escape. */
function escapeProperty(value: string): string {
  return value
    .replaceAll('\\', '\\\\')
    .replaceAll(/[^\x20-\x7E]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function defaultProperties(
  port: number,
  controllerPort: number,
  dataDir: string,
): Record<string, string> {
  return {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@localhost:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://localhost:${port},CONTROLLER://localhost:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://localhost:${port}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': join(dataDir, 'log'),
    // A misspelt topic is to be an error here as it is in production.
    'auto.create.topics.enable': 'false',
    // The orders in the store refer to offsets: events stay as long as the folder does.
    'log.retention.ms': '-1',
    'log.retention.bytes': '-1',
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'share.coordinator.state.topic.num.partitions': '1',
    // A lone consumer need not wait for others to join.
    'group.initial.rebalance.delay.ms': '0',
    // A broker that was killed may join again only when its former session has ended.
    'broker.session.timeout.ms': '3000',
    'broker.heartbeat.interval.ms': '500',
    // 128 MB by default, a quarter of the heap.
    'log.cleaner.dedupe.buffer.size': '8388608',
  }
}

async function format(
  java: readonly string[],
  propertiesFile: string,
  { clusterId = newClusterId(), formatArguments = [], signal }: KafkaOptions,
): Promise<void> {
  const [command = 'java', ...args] = java
  try {
    await run(
      command,
      // The id may begin with a hyphen, which as a word of its own would be an option.
      [
        ...args,
        'kafka.tools.StorageTool',
        'format',
        `--cluster-id=${clusterId}`,
        `--config=${propertiesFile}`,
        ...formatArguments,
      ],
      { timeout: formatTimeoutMs, signal },
    )
  } catch (error) {
    signal?.throwIfAborted()
    const { stderr = '' } = error as { stderr?: string }
    throw new Error(`Kafka's data folder could not be prepared: ${lastLine(stderr)}`, {
      cause: error,
    })
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? ''
}
