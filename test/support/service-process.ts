import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { findFreePort } from '../../dev-services/ports.ts'
import { until } from './until.ts'
import { watchAnswers } from './watched-answers.ts'

const MAIN = new URL('../../src/main.mjs', import.meta.url)
const QUICK_START = new URL('../../src/quick-start.mjs', import.meta.url).href

/** The process ends by itself after this, whatever becomes of the test. */
const LIFE_MS_MAX = 10 * 60_000

export interface ServiceOptions {
  /** Modules that the process imports before anything else. */
  readonly imports?: readonly string[]
  readonly lifeMsMax?: number
  /** Of another version. */
  readonly main?: URL
  /** A descriptor that is its standard output; then {@link ServiceProcess.output} has only stderr. */
  readonly stdout?: number
}

export interface ServiceProcess {
  readonly url: string
  readonly pid: number
  /** Everything it wrote so far. */
  readonly output: () => string
  readonly exited: Promise<ProcessEnd>
  /** SIGSTOP and SIGCONT, or one that it is to survive. */
  signal(signal: NodeJS.Signals): void
  /** Sends the signal and resolves with how it ended. */
  end(signal: NodeJS.Signals): Promise<ProcessEnd>
}

export interface ProcessEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** Starts `src/main.mjs` as its own process, without waiting for anything. */
export async function spawnService(
  settings: Readonly<Record<string, string>>,
  { imports = [], lifeMsMax = LIFE_MS_MAX, main = MAIN, stdout }: ServiceOptions = {},
): Promise<ServiceProcess> {
  const port = settings['API_PORT'] ?? String(await findFreePort())
  // Or what they import would bring the whole Kafka client.
  const first = imports.length > 0 ? [QUICK_START, ...imports] : []
  const args = [...first.map((url) => `--import=${url}`), fileURLToPath(main)]
  const child = spawn(process.execPath, args, {
    env: {
      PATH: process.env['PATH'],
      LOG_LEVEL: 'info',
      API_HOST: '127.0.0.1',
      ...settings,
      API_PORT: port,
    },
    stdio: ['ignore', stdout ?? 'pipe', 'pipe'],
    timeout: lifeMsMax,
    // SIGTERM would not end a process that is paused.
    killSignal: 'SIGKILL',
  })
  const answers = watchAnswers(port, settings)
  const chunks: string[] = []
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk.toString()))
  const endWithUs = (): void => void child.kill('SIGKILL')
  process.once('exit', endWithUs)
  const exited = once(child, 'close').then(() => {
    process.off('exit', endWithUs)
    answers.assertNoLeak(chunks.join(''))
    return { code: child.exitCode, signal: child.signalCode }
  })
  assert.ok(child.pid !== undefined)
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid,
    output: () => chunks.join(''),
    exited,
    signal(signal) {
      if (isRunning(child)) child.kill(signal)
    },
    async end(signal) {
      if (isRunning(child)) child.kill(signal)
      return exited
    },
  }
}

/** Starts it and waits until every change can succeed. */
export async function startService(
  settings: Readonly<Record<string, string>>,
  options: ServiceOptions = {},
): Promise<ServiceProcess> {
  const service = await spawnService(settings, options)
  try {
    await untilAllReady(service)
  } catch (error) {
    await service.end('SIGKILL')
    throw error
  }
  return service
}

/** Ready means that some partition takes events: a change in another one is still refused. */
export async function untilAllReady(service: ServiceProcess): Promise<void> {
  await untilReady(service)
  await until(
    async () => (await readKafkaStatus(service)) === 'up',
    () => `every partition takes events; the service wrote:\n${service.output()}`,
  )
}

/** A service that shows its health to some callers alone is taken at its word that it is ready. */
async function readKafkaStatus({ url }: ServiceProcess): Promise<string> {
  const health = (await (await fetch(`${url}/health`)).json()) as {
    checks?: { kafka?: { status: string } }
  }
  return health.checks?.kafka?.status ?? 'up'
}

export async function untilReady(service: ServiceProcess): Promise<void> {
  await until(
    async () => (await fetch(`${service.url}/health/ready`)).ok,
    () => `the service gets ready; it wrote:\n${service.output()}`,
  )
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null
}
