import type { FastifyBaseLogger } from 'fastify'
import packageJson from '../package.json' with { type: 'json' }
import type { ServerSettings } from './api/server.ts'
import type { OwnNames } from './api/allowed-hosts.ts'
import type { Config } from './config/config.ts'
import { isLoopback } from './config/loopback.ts'
import { boundConnections, readFileLimit } from './service/file-limit.ts'

/** The settings of the HTTP server, from those of the service and from what the machine allows. */

const FEW_FILES =
  'as many connections are taken as the limit of open files allows, which is fewer than MAX_CONNECTIONS; ulimit -n raises it'

/** How long a client may take to send its request. */
const RECEIVE_TIMEOUT_MS = 10_000

/** So many new connections are taken in a turn of the loop. */
const ACCEPT_QUEUES = 8

/** What says by which names the service is reached. */
type OwnNamesConfig = Pick<Config, 'allowedHosts' | 'apiHost'> & {
  readonly callers: Pick<Config['callers'], 'publicUrl' | 'ways'>
  readonly door: Pick<Config['door'], 'corsOrigins'>
}

type Log = Pick<FastifyBaseLogger, 'info'>

export function composeServerSettings(config: Config, logger: Log): ServerSettings {
  return {
    connectionsMax: openConnectionsMax(config, logger),
    maxItemsPerOrder: config.maxItemsPerOrder,
    ownNames: ownNamesOf(config),
    ...config.door,
    publicUrl: config.callers.publicUrl,
    streamReadersMax: config.maxStreamReaders,
    readiness: config.readiness,
    kafkaBootstrapServers: config.kafkaBootstrapServers
      .map(({ host, port }) => `${host}:${port}`)
      .join(','),
    schemaRegistryUrl: config.schemaRegistryUrl,
    version: packageJson.version,
    requestTimeoutMs: RECEIVE_TIMEOUT_MS,
    acceptQueues: ACCEPT_QUEUES,
    keepAliveMs: config.keepAliveMs,
  }
}

function openConnectionsMax(config: Config, logger: Log): number {
  const fileLimit = readFileLimit()
  const connectionsMax = boundConnections(config.maxConnections, fileLimit)
  if (connectionsMax < config.maxConnections) logger.info({ fileLimit, connectionsMax }, FEW_FILES)
  return connectionsMax
}

/**
 * The name that it listens on is its own, and so are those by which pages reach it. Where it listens for
 * other machines it has names that it cannot know. A page of another has no credential, so where callers
 * are asked who they are its name does not matter.
 */
export function ownNamesOf({
  allowedHosts: named,
  apiHost,
  callers,
  door,
}: OwnNamesConfig): OwnNames {
  const pages = [callers.publicUrl, ...door.corsOrigins].filter((url) => url !== undefined)
  const names = [...named, apiHost.toLowerCase(), ...pages.map((url) => new URL(url).hostname)]
  const hasOthers = named.length === 0 && !isLoopback(apiHost)
  const asksCallers = (callers.ways ?? []).length > 0
  return { names: hasOthers && asksCallers ? ['*'] : names, hasOthers }
}
