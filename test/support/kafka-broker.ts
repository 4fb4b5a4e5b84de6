import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findTools } from '../../dev-services/find-tools.ts'
import { startKafka, type KafkaBroker } from '../../dev-services/kafka.ts'
import { fetchLibrary } from '../../dev-services/libraries.ts'
import { findFreePort } from '../../dev-services/ports.ts'

/** A Kafka of its own for a test that breaks it. */
export interface TestBroker {
  readonly bootstrapServers: string
  readonly port: number
  /** SIGSTOP: connections stay open and nothing answers. */
  pause(): void
  /** SIGCONT */
  resume(): void
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>
  /** A clean shutdown; resolves when the process is gone. */
  stop(): Promise<void>
  /** Starts again on the same port and data; resolves when the broker answers. */
  start(): Promise<void>
  /** Ends it and removes its data. Idempotent. */
  close(): Promise<void>
}

export interface TestBrokerOptions {
  readonly port?: number
  readonly controllerPort?: number
  readonly clusterId?: string
  /** Added to server.properties. */
  readonly properties?: Readonly<Record<string, string>>
  readonly formatArguments?: readonly string[]
  readonly moreJvmFlags?: readonly string[]
}

export async function startTestBroker(options: TestBrokerOptions = {}): Promise<TestBroker> {
  const { java, problems } = await findTools(['kafka'])
  if (java === undefined || problems.length > 0) throw new Error(problems.join('\n'))
  const libDir = await fetchLibrary('kafka', { report: console.error })
  const dir = await mkdtemp(join(tmpdir(), 'cart-service-broker-'))
  const port = options.port ?? (await findFreePort())
  const startOnData = (): Promise<KafkaBroker> =>
    startKafka({
      libDir,
      java,
      dataDir: join(dir, 'kafka'),
      logFile: join(dir, 'kafka.log'),
      ...options,
      port,
    })
  const remove = (): Promise<void> => rm(dir, { recursive: true, force: true })

  // The log that a failed start names is left for people.
  let broker = await startOnData()
  return {
    bootstrapServers: broker.bootstrapServers,
    port,
    pause: () => broker.signal('SIGSTOP'),
    resume: () => broker.signal('SIGCONT'),
    kill: async () => {
      broker.signal('SIGKILL')
      await broker.exited
    },
    stop: async () => {
      await broker.stop()
    },
    start: async () => {
      broker = await startOnData()
    },
    close: async () => {
      // Nobody sees its data again: a clean shutdown would take seconds for nothing.
      broker.signal('SIGKILL')
      await broker.exited
      await remove()
    },
  }
}
