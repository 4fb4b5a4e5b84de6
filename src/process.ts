import process from 'node:process'
import { isSpanContextValid, trace } from '@opentelemetry/api'
import { pino } from 'pino'
import { composeCartService, type CartService } from './compose.ts'
import { StoreError } from './business/ports.ts'
import { ConfigError, type Config } from './config/config.ts'
import { findOpenHost } from './config/loopback.ts'
import { findNearNames } from './config/near-names.ts'
import { readConfig } from './config/read-config.ts'
import { escapeHidden, escapeHiddenInLines } from './models/visible-text.ts'
import { claimPlace, ListenError, type ListenPlace } from './service/listen-place.ts'
import { toTerminalLine } from './service/log-lines.ts'
import { LogOutput, openStandardOutput } from './service/log-output.ts'
import { SchemaIncompatibleError } from './service/schema-registry/registry-error.ts'
import { StoreBehindError } from './service/store-guard.ts'

/** The process: read the settings, look at the port, compose, listen, close on a signal. */

/** For the last lines of the log. Nothing that the log does may keep the process from its end. */
const LOG_FLUSH_MS = 500

const OPEN_TO_OTHERS =
  'the API, which asks nobody who they are, is open to other machines: set API_AUTH, put a proxy in front of it, or set'

/** What keeps the service from starting, or ends it, for a reason that is not ours. */
const REFUSALS = [ListenError, StoreError, StoreBehindError, SchemaIncompatibleError]

const config = readConfigOrExit()
const logOutput = new LogOutput({
  sink: openStandardOutput(),
  onRecovered: (droppedLines) =>
    logger.warn(
      { droppedLines },
      'lines of this log were dropped, because it could not be written',
    ),
})
const logger = pino({ level: config.logLevel, mixin: namesOfTrace }, chooseLogFormat())
for (const hint of findNearNames(process.env)) logger.warn(hint)
// In place of Node's text on stderr, which is no line of this log. An experiment is one that the code has
// chosen, on a Node.js that is pinned: no operator can do anything about it.
process.removeAllListeners('warning')
process.on('warning', ({ name, message }) => {
  if (name !== 'ExperimentalWarning') logger.warn({ warning: name }, message)
})
/** Of the addresses to listen on. What waits for this process to stop may have them when it does. */
const claims = new AsyncDisposableStack()
let service: CartService | undefined

process.once('SIGTERM', stop)
process.once('SIGINT', stop)
// A bug may have shown anywhere: nothing more is sent or answered while the log is written.
process.on('uncaughtException', (error) => {
  service?.halt()
  void exitWith(error)
})

service = await startOrExit()

/** Lines for people at a terminal, JSON for everything else that reads a log. */
function chooseLogFormat(): { write(line: string): void } {
  const { isTTY } = process.stdout
  const isForPeople = config.logFormat === 'auto' ? isTTY : config.logFormat === 'lines'
  // Sooner or later somebody reads it at a terminal, and it has the words of others.
  if (!isForPeople) return { write: (line) => logOutput.write(`${escapeHidden(line.trimEnd())}\n`) }
  const isColoured = isTTY && process.stdout.hasColors()
  return { write: (line) => logOutput.write(toTerminalLine(line, isColoured)) }
}

/** Of the request that a line is about, where an SDK for traces is loaded. */
function namesOfTrace(): object {
  const context = trace.getActiveSpan()?.spanContext()
  if (context === undefined || !isSpanContextValid(context)) return {}
  return { trace_id: context.traceId, span_id: context.spanId }
}

function readConfigOrExit(): Config {
  try {
    return readConfig('service')
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`${escapeHiddenInLines(error.message)}\n`)
    process.exit(1)
  }
}

async function startOrExit(): Promise<CartService> {
  try {
    // First: a start that cannot listen has registered no schema, made no topic and taken no lock.
    for (const place of listPlaces(config)) claims.use(await claimPlace(place))
    const composed = await composeCartService({
      config,
      logger,
      onFatal: (error) => void exitWith(error),
    })
    await composed.server.listen({
      host: config.apiHost,
      port: config.apiPort,
      // Fastify does not know that the server was made for TLS.
      listenTextResolver: (address) =>
        `Server listening at ${config.door.tls ? address.replace('http:', 'https:') : address}`,
    })
    const asksNobody = (config.callers.ways ?? []).length === 0
    const open = asksNobody ? findOpenHost(config) : undefined
    if (open !== undefined) {
      logger.warn({ host: open.host }, `${OPEN_TO_OTHERS} ${open.setting}=localhost`)
    }
    return composed
  } catch (error) {
    return exitWith(error)
  }
}

function listPlaces({ apiHost, apiPort, door: { management } }: Config): readonly ListenPlace[] {
  const api = { host: apiHost, port: apiPort, hostSetting: 'API_HOST', portSetting: 'API_PORT' }
  const names = { hostSetting: 'MANAGEMENT_HOST', portSetting: 'MANAGEMENT_PORT' }
  return management === undefined ? [api] : [api, { ...management, ...names }]
}

/** What is not settled stays pending and is recovered by the next start, so leaving is always safe. */
function stop(signal: NodeJS.Signals): void {
  logger.info({ signal }, 'shutting down')
  void claims.disposeAsync()
  if (service === undefined) return void leave(0)
  setTimeout(() => {
    logger.warn('closing takes too long; leaving the rest to the next start')
    void leave(0)
  }, config.shutdownTimeoutMs)
  service.close().then(() => {
    logger.info('closed')
    return leave(0)
  }, exitWith)
}

function exitWith(error: unknown): Promise<never> {
  const refusal = REFUSALS.find((kind) => error instanceof kind)
  // The sentence says it all; a stack is for a bug.
  if (refusal !== undefined && error instanceof Error) logger.fatal(error.message)
  else
    logger.fatal(
      { err: error },
      error instanceof Error ? error.message : 'the service cannot go on',
    )
  return leave(1)
}

async function leave(code: number): Promise<never> {
  await logOutput.flush(LOG_FLUSH_MS)
  // An exit waits for Node's threads, and one of them is in a write that does not return.
  if (logOutput.holdsUpExit) process.kill(process.pid, 'SIGKILL')
  process.exit(code)
}
