import { javaVersionMin, type FoundJava } from './java-tools.ts'

/** Kafka or the schema registry, as the sentences name it. */
export interface Dependency {
  readonly name: string
  /** The setting that says where it is. */
  readonly variable: string
  /** Where it is looked for, and started, when the setting is absent. */
  readonly port: number
}

/** What was found on the dependency's port of localhost. */
export type Listener = 'nothing' | 'expected' | 'stranger'

export type Decision =
  /** Its address is the setting's; whether anything is there is left to the service. */
  | { readonly kind: 'configured'; readonly why: string }
  /** It was running before and runs on afterwards. */
  | { readonly kind: 'found'; readonly why: string }
  | { readonly kind: 'start'; readonly why: string }
  /** Nothing is started; `why` is one sentence with what to do. */
  | { readonly kind: 'blocked'; readonly why: string }

/** Configured wins; then what listens is used and left alone; then it is started. */
export function decide(
  dependency: Dependency,
  isConfigured: boolean,
  listener: Listener,
): Decision {
  const { name, variable, port } = dependency
  if (isConfigured) return { kind: 'configured', why: `${variable} is set` }
  switch (listener) {
    case 'expected':
      return {
        kind: 'found',
        why: `found running while ${variable} is not set: used, and left alone`,
      }
    case 'stranger':
      return {
        kind: 'blocked',
        why: `Port ${port} is taken by something that does not answer as ${name}: stop it, or set ${variable} to the address of yours.`,
      }
    case 'nothing':
      return {
        kind: 'start',
        why: `started, because ${variable} is not set and nothing listened on port ${port}`,
      }
  }
}

export interface Tools {
  readonly java: FoundJava
  /** True also where Maven is not needed, because everything was downloaded before. */
  readonly hasMaven: boolean
  readonly hasDockerCompose: boolean
}

/** Why `names` cannot be started here, and the three ways out; undefined when they can. */
export function explainMissingTools(names: readonly string[], tools: Tools): string | undefined {
  const { java, hasMaven, hasDockerCompose } = tools
  const missing = [
    ...(java.kind === 'missing' ? ['no Java was found'] : []),
    ...(java.kind === 'too-old' ? [`the Java that was found is version ${java.version}`] : []),
    ...(hasMaven ? [] : ['no Maven was found']),
  ]
  if (missing.length === 0) return undefined
  const docker = hasDockerCompose
    ? 'run `docker compose up`, which is installed here'
    : 'install Docker and run `docker compose up`'
  return [
    `${names.join(' and ')} cannot be started, because ${missing.join(' and ')}. Any of these helps:`,
    `  - install a JDK, ${javaVersionMin} or later, and Maven, then try again`,
    `  - ${docker}`,
    '  - set KAFKA_BOOTSTRAP_SERVERS and SCHEMA_REGISTRY_URL to a Kafka and a registry you have',
  ].join('\n')
}

/** Why the API cannot listen, by the error code of a try; one sentence with what to do. */
export function explainApiPort(host: string, port: number, errorCode: string): string {
  const other = `API_PORT=${port < 65_535 ? port + 1 : 8000} npm run dev`
  switch (errorCode) {
    case 'EADDRINUSE':
      return `Port ${port} is taken, so the API cannot listen on it: stop what does, or choose another port: ${other}`
    case 'EACCES':
      return `This user may not listen on port ${port}: choose a port above 1023: API_PORT=8000 npm run dev`
    default:
      return `The API cannot listen on ${host}, port ${port} (${errorCode}): set API_HOST to an address of this machine.`
  }
}
