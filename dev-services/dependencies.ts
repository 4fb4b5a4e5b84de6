import { join } from 'node:path'
import type { DevSession } from './dev-session.ts'
import { findTools } from './find-tools.ts'
import { startKafka } from './kafka.ts'
import { fetchLibrary } from './libraries.ts'
import { decide, type Decision, type Dependency } from './plan.ts'
import { isListening } from './ports.ts'
import { isKafka, isSchemaRegistry } from './probes.ts'
import { startRegistry } from './registry.ts'

/** What `npm run dev` needs to know of its surroundings. */
export interface Surroundings {
  readonly kafkaPort: number
  readonly registryPort: number
  readonly isKafkaConfigured: boolean
  readonly isRegistryConfigured: boolean
}

export interface DependencyPlan {
  readonly kafka: Decision
  readonly registry: Decision
  /** The `java` to start them with; undefined when nothing is to be started. */
  readonly java: string | undefined
  /** Each for the user, with what to do. Empty: the plan can be carried out. */
  readonly problems: readonly string[]
}

/** Looks at ports and tools; starts and downloads nothing. */
export async function planDependencies(surroundings: Surroundings): Promise<DependencyPlan> {
  const { kafkaPort, registryPort, isKafkaConfigured, isRegistryConfigured } = surroundings
  const [kafka, registry] = await Promise.all([
    look(
      { name: 'Kafka', variable: 'KAFKA_BOOTSTRAP_SERVERS', port: kafkaPort },
      isKafkaConfigured,
      () => isKafka('localhost', kafkaPort),
    ),
    look(
      { name: 'a schema registry', variable: 'SCHEMA_REGISTRY_URL', port: registryPort },
      isRegistryConfigured,
      () => isSchemaRegistry(`http://localhost:${registryPort}`),
    ),
  ])
  const blocked = [kafka, registry].flatMap((decision) =>
    decision.kind === 'blocked' ? [decision.why] : [],
  )
  const tools = await findTools([
    ...(kafka.kind === 'start' ? (['kafka'] as const) : []),
    ...(registry.kind === 'start' ? (['registry'] as const) : []),
  ])
  return { kafka, registry, java: tools.java, problems: [...blocked, ...tools.problems] }
}

async function look(
  dependency: Dependency,
  isConfigured: boolean,
  isExpected: () => Promise<boolean>,
): Promise<Decision> {
  if (isConfigured || !(await isListening(dependency.port))) {
    return decide(dependency, isConfigured, 'nothing')
  }
  return decide(dependency, false, (await isExpected()) ? 'expected' : 'stranger')
}

export interface StartOptions {
  readonly session: DevSession
  readonly java: string
  readonly port: number
  readonly dataDir: string
  readonly report: (line: string) => void
}

/** Downloads Kafka where needed, starts it and hands it to the session. */
export async function startOwnKafka(options: StartOptions): Promise<void> {
  const { session, java, port, dataDir, report } = options
  const { signal } = session
  const libDir = await fetchLibrary('kafka', { report, signal })
  report(`Starting Kafka on port ${port}`)
  const logFile = join(dataDir, 'kafka.log')
  const broker = await startKafka({
    libDir,
    java,
    port,
    dataDir: join(dataDir, 'kafka'),
    logFile,
    signal,
  })
  session.own(`Kafka (its log: ${logFile})`, broker)
}

/** Downloads the registry where needed, starts it and hands it to the session. */
export async function startOwnRegistry(options: StartOptions): Promise<void> {
  const { session, java, port, dataDir, report } = options
  const { signal } = session
  const libDir = await fetchLibrary('registry', { report, signal })
  report(`Starting the schema registry on port ${port}`)
  const logFile = join(dataDir, 'registry.log')
  const registry = await startRegistry({
    libDir,
    java,
    port,
    dataDir: join(dataDir, 'registry'),
    logFile,
    signal,
  })
  session.own(`The schema registry (its log: ${logFile})`, registry)
}
