import { randomUUID } from 'node:crypto'
import { fastify, type FastifyBaseLogger, type FastifyInstance, type FastifyReply } from 'fastify'
import type { CredentialCheck } from '../business/callers/credential-check.ts'
import type { LoginProvider } from '../business/callers/login-provider.ts'
import type { Seal } from '../business/callers/seal.ts'
import type { DependencyStates } from '../business/dependency-health.ts'
import type { Measures } from '../business/measures/measures.ts'
import type { OrderCommands } from '../business/order/commands.ts'
import type { Operations } from '../business/operations/operations.ts'
import type { OrderQueries } from '../business/order/queries.ts'
import type { Clock, Random } from '../business/ports.ts'
import type { InstanceState } from '../business/publication/ownership.ts'
import type { LiveFeed } from '../business/stream/live-feed.ts'
import type { EventContract } from '../models/event-contract.ts'
import type { Scope } from '../models/caller.ts'
import { createHostCheck, type OwnNames } from './allowed-hosts.ts'
import { admitWork, takesSocketAlone, type ChangePlaces } from './admission/admit-work.ts'
import { createHttpDoor, type HttpDoor, type HttpDoorOptions } from './admission/http-server.ts'
import { COMMON_HEADERS } from './common-headers.ts'
import { registerConsole } from './console-pages.ts'
import {
  registerHealthRoutes,
  registerServiceInfoRoute,
  type ReadinessMeaning,
  type ServiceInfo,
} from './controllers/health-controller.ts'
import { registerErasureRoute, type EraseOrderCommand } from './controllers/erasure-controller.ts'
import {
  countRequests,
  registerMetricsRoute,
  type WriteMetrics,
} from './controllers/metrics-controller.ts'
import { registerOperationsRoutes } from './controllers/operations-controller.ts'
import { registerOrderRoutes } from './controllers/order-controller.ts'
import { registerQueryRoutes } from './controllers/query-controller.ts'
import { registerStreamRoute } from './controllers/stream-controller.ts'
import { collectOpenApi, registerDocsPages } from './docs-pages.ts'
import { createErrorHandler } from './error-handler.ts'
import { registerEventPages } from './event-pages.ts'
import { BODY_BYTES_MAX, acceptOnlyJson } from './json-body.ts'
import { findFault, hostOf } from './readable-request.ts'
import { hostNotAllowed } from './request-errors.ts'
import { logUnheardChanges, RequestLog } from './request-log.ts'
import { orderItemSchema, orderSchema } from './schemas/order-json.ts'
import { newOrderItemSchema } from './schemas/order-requests.ts'
import { problemSchema } from './schemas/problem-json.ts'
import { FORMATS, RULE_KEYWORD } from './schemas/rule.ts'
import { authenticateCallers } from './security/authenticate.ts'
import { allowOrigins } from './security/cors.ts'
import { registerLogin } from './security/login-routes.ts'
import {
  OPERATORS_DOOR,
  openOperatorsPort,
  type OperatorsAddress,
} from './security/operators-port.ts'
import { registerProviderLogin } from './security/provider-login.ts'
import { LOGIN, SealedCookie, SESSION, type CookieRules } from './security/sealed-cookie.ts'
import type { TlsIdentity } from './security/tls-server.ts'
import { EventStreams } from './stream/event-streams.ts'
import { tidyRequests } from './tidy-requests.ts'
import { traceRequests, type TraceRequest } from './trace-requests.ts'
import { answerUnknownRoutes } from './unknown-route.ts'
import { tellWholeRefusals } from './whole-refusals.ts'
import { toValidationError, type SchemaViolation } from './validation-messages.ts'

export interface ServerDeps {
  readonly commands: OrderCommands
  readonly queries: OrderQueries
  readonly feed: LiveFeed
  readonly itemsMax: () => number
  readonly operations: Operations
  readonly eraseOrder: EraseOrderCommand
  readonly changes: ChangePlaces
  readonly clock: Clock
  readonly random: Random
  readonly dependencyStates: () => DependencyStates
  readonly instanceState: () => InstanceState
  readonly isDraining: () => boolean
  readonly areSchemaIdsKnown: () => boolean
  readonly eventContract: EventContract
  readonly measures: Measures
  readonly writeMetrics: WriteMetrics
  /** Absent: nobody keeps traces. */
  readonly traceRequest?: TraceRequest | undefined
  readonly settings: ServerSettings
  /** Undefined: callers are not asked who they are. */
  readonly callers: CredentialCheck | undefined
  /** Undefined: plain HTTP. */
  readonly tls: TlsIdentity | undefined
  /** What a client's certificate allows; undefined: it says nothing of the caller. */
  readonly certificateScopes: ReadonlySet<Scope> | undefined
  /** Undefined: browsers log in by a key or token alone. Without a public address it cannot send them back. */
  readonly loginProvider: LoginProvider | undefined
  /** For the sessions of browsers. */
  readonly seal: Seal
  readonly logger: FastifyBaseLogger
}

export interface ServerSettings extends ServiceInfo {
  readonly maxItemsPerOrder: number
  readonly ownNames: OwnNames
  readonly streamReadersMax: number
  readonly readiness: ReadinessMeaning
  readonly connectionsMax: number
  /** In which new connections wait until the loop takes them, a few of each address. */
  readonly acceptQueues: number
  /** How browsers reach the service, where that is not as it listens; it may have a path. */
  readonly publicUrl: string | undefined
  /** Networks from which X-Forwarded-… is believed. */
  readonly trustedProxies: readonly string[]
  /** Of one caller, in this instance; undefined: no limit. */
  readonly requestsPerSecond: number | undefined
  /** Whose pages may call the API. */
  readonly corsOrigins: readonly string[]
  /** Undefined: what is for operators is answered on the one port, too. */
  readonly management: OperatorsAddress | undefined
  /** Upper bound for receiving a request, from its first byte to its last. */
  readonly requestTimeoutMs: number
  /** How long a connection may be open without a request. */
  readonly keepAliveMs: number
}

/**
 * No segment of a path is longer: Node takes no larger head of a request. The router would answer a
 * shorter bound by an error of its own, where the rule of an order id says what is wrong.
 */
const URL_LENGTH_MAX = 65_536

/** Upper bound for receiving the headers of a request. */
const HEADERS_TIMEOUT_MS = 5_000

/** How often Node looks for connections that are over a bound; its default of 30 s adds that much. */
const CONNECTIONS_CHECK_INTERVAL_MS = 1_000

type DoorSettings = Pick<HttpDoorOptions, 'tls' | 'connectionsMax' | 'acceptQueues'>

function createDoor({ settings, clock, random }: ServerDeps, own: DoorSettings): HttpDoor {
  const { requestTimeoutMs: requestTimeout, keepAliveMs } = settings
  return createHttpDoor({
    http: {
      requestTimeout,
      keepAliveTimeout: keepAliveMs,
      // Node would answer a request without one by a bare status.
      requireHostHeader: false,
      // Node swaps the two bounds when the one for the headers is the larger.
      headersTimeout: Math.min(HEADERS_TIMEOUT_MS, requestTimeout),
      connectionsCheckingInterval: Math.min(CONNECTIONS_CHECK_INTERVAL_MS, requestTimeout),
    },
    ...own,
    clock,
    random,
  })
}

function createFastify(deps: ServerDeps, door: HttpDoor): FastifyInstance {
  const { logger, settings } = deps
  const handleError = createErrorHandler(deps)
  const server: FastifyInstance = fastify({
    loggerInstance: logger,
    logController: new RequestLog(),
    // A logger for each request costs more than it gives: every line here names its request itself.
    childLoggerFactory: (parent) => parent,
    genReqId: () => randomUUID(),
    bodyLimit: BODY_BYTES_MAX,
    ...(settings.trustedProxies.length > 0 && { trustProxy: [...settings.trustedProxies] }),
    routerOptions: { maxParamLength: URL_LENGTH_MAX },
    serverFactory: (handler) => door.createServer(handler),
    // While it closes, requests still get true answers: the commands refuse what they no longer take.
    return503OnClosing: false,
    ajv: {
      customOptions: {
        coerceTypes: false,
        removeAdditional: false,
        useDefaults: false,
        // Every field is told at once. Bounded: the bodies are small and their schemas flat.
        allErrors: true,
        verbose: true,
        keywords: [RULE_KEYWORD],
      },
      onCreate: (ajv) => {
        for (const [name, isOf] of Object.entries(FORMATS)) ajv.addFormat(name, isOf)
      },
    },
    schemaErrorFormatter: (violations) =>
      toValidationError(violations as readonly SchemaViolation[]),
    clientErrorHandler: door.onClientError,
    frameworkErrors: (error, request, reply) => {
      setCommonHeaders(reply)
      handleError(error, request, reply)
    },
  })
  server.setErrorHandler(handleError)
  return server
}

function setCommonHeaders(reply: FastifyReply): void {
  reply.header('x-request-id', reply.request.id)
  reply.headers(COMMON_HEADERS)
}

function createStreams({ feed, clock, settings, measures, logger }: ServerDeps): EventStreams {
  return new EventStreams({
    feed,
    clock,
    readersMax: settings.streamReadersMax,
    measures,
    onDropped: (reason) => {
      measures.streamReadersDroppedCount += 1
      logger.info({ reason }, 'a reader of the stream was disconnected')
    },
  })
}

function createCookie(rules: CookieRules, { seal, clock, settings }: ServerDeps): SealedCookie {
  const isPublicOverTls = settings.publicUrl?.startsWith('https:') === true
  return new SealedCookie(rules, { seal, clock, isPublicOverTls })
}

async function registerLogins(
  server: FastifyInstance,
  deps: ServerDeps,
  session: SealedCookie,
): Promise<void> {
  const { callers: check, loginProvider: provider, settings } = deps
  const { publicUrl } = settings
  if (check === undefined) return
  const hasProvider = provider !== undefined && publicUrl !== undefined
  await registerLogin(server, { check, session, publicUrl, hasProvider })
  if (!hasProvider) return
  const login = createCookie(LOGIN, deps)
  registerProviderLogin(server, { provider, check, session, login, publicUrl })
}

/**
 * The HTTP server, ready to listen. The caller closes it; requests that came before `close` are
 * still answered.
 */
export async function buildServer(deps: ServerDeps): Promise<FastifyInstance> {
  const { commands, queries, settings, isDraining } = deps
  const { connectionsMax, acceptQueues, management } = settings
  const door = createDoor(deps, { tls: deps.tls, connectionsMax, acceptQueues })
  const operatorsDoor = createDoor(deps, OPERATORS_DOOR)
  const lineOf: HttpDoor['lineOf'] = (socket) => door.lineOf(socket) ?? operatorsDoor.lineOf(socket)
  const server = createFastify(deps, door)
  const isHostAllowed = createHostCheck(settings.ownNames)
  server.addHook('onRequest', (request, reply, done) => {
    setCommonHeaders(reply)
    const fault = findFault(request.raw)
    // So that clients take their next request to another instance. With an upgrade, which nobody here
    // takes, Node drops what came in one piece behind the request.
    const isLast = isDraining() || fault !== undefined || request.headers.upgrade !== undefined
    // Fastify has set it by itself when it closes.
    if (isLast || reply.raw.hasHeader('connection')) {
      reply.header('connection', 'close')
      lineOf(request.raw.socket)?.endBehind()
    }
    // Before anything is waited for: what is parsed meanwhile would begin.
    if (takesSocketAlone(request)) lineOf(request.raw.socket)?.holdBehind()
    done(fault ?? (isHostAllowed(hostOf(request.raw), request.raw) ? undefined : hostNotAllowed()))
  })
  if (deps.traceRequest !== undefined) traceRequests(server, deps.traceRequest)
  countRequests(server, deps.measures)
  logUnheardChanges(server)
  allowOrigins(server, settings.corsOrigins)
  answerUnknownRoutes(server)
  tidyRequests(server)
  tellWholeRefusals(server)
  if (management !== undefined) openOperatorsPort(server, operatorsDoor, management)
  const session = createCookie(SESSION, deps)
  const { publicUrl, requestsPerSecond } = settings
  authenticateCallers(server, { ...deps, session, publicUrl, requestsPerSecond })
  // After all of onRequest: a client is asked for the body of what is let in, and of nothing else.
  server.addHook('preParsing', ({ raw }, reply, payload, done) => {
    // HTTP/1.0 does not know it. Of what else can be expected, nothing comes here.
    if (raw.headers.expect !== undefined && raw.httpVersion === '1.1') reply.raw.writeContinue()
    done(null, payload)
  })
  const { onConnection } = door
  admitWork(server, { ...deps, ...settings, lineOf, onConnection, isHostAllowed })
  acceptOnlyJson(server)
  server.addSchema(orderItemSchema)
  server.addSchema(orderSchema)
  server.addSchema(newOrderItemSchema)
  server.addSchema(problemSchema)
  const site = { ...settings, hasLogin: deps.callers !== undefined }
  await collectOpenApi(server, { ...site, asksCallers: site.hasLogin })
  registerOrderRoutes(server, commands, settings)
  registerQueryRoutes(server, queries, deps.itemsMax)
  registerStreamRoute(server, { ...deps, streams: createStreams(deps) })
  await registerLogins(server, deps, session)
  registerOperationsRoutes(server, deps.operations, deps.eventContract.topic)
  registerErasureRoute(server, deps.eraseOrder)
  registerServiceInfoRoute(server, site)
  registerHealthRoutes(server, { ...deps, readiness: settings.readiness })
  registerMetricsRoute(server, deps.writeMetrics)
  await registerDocsPages(server, site)
  registerConsole(server, site)
  registerEventPages(server, deps.eventContract, site)
  return server
}
