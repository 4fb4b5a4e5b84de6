import process from 'node:process'
import { pino } from 'pino'
import { composeCartService, type CartService } from './compose.ts'
import { ConfigError, type Config } from './config/config.ts'
import { readConfig } from './config/read-config.ts'

/** The process: read the settings, compose, listen, close on a signal. */

const config = readConfigOrExit()
const logger = pino({ level: config.logLevel })
let service: CartService | undefined

process.once('SIGTERM', stop)
process.once('SIGINT', stop)
process.on('uncaughtException', exitWith)

service = await startOrExit()

function readConfigOrExit(): Config {
  try {
    return readConfig()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exit(1)
  }
}

async function startOrExit(): Promise<CartService> {
  try {
    const composed = await composeCartService({ config, logger, onFatal: exitWith })
    await composed.server.listen({ host: config.apiHost, port: config.apiPort })
    return composed
  } catch (error) {
    return exitWith(error)
  }
}

/** What is not settled stays pending and is recovered by the next start, so leaving is always safe. */
function stop(signal: NodeJS.Signals): void {
  logger.info({ signal }, 'shutting down')
  if (service === undefined) process.exit(0)
  setTimeout(() => {
    logger.warn('closing takes too long; leaving the rest to the next start')
    process.exit(0)
  }, config.shutdownTimeoutMs)
  service.close().then(() => {
    logger.info('closed')
    process.exit(0)
  }, exitWith)
}

function exitWith(error: unknown): never {
  logger.fatal({ err: error }, error instanceof Error ? error.message : 'the service cannot go on')
  process.exit(1)
}
