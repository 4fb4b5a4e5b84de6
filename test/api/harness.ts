import type { TestContext } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { buildServer, type ServerDeps, type ServerSettings } from '../../src/api/server.ts'
import { Measures } from '../../src/business/measures/measures.ts'
import type { DependencyState, DependencyStates } from '../../src/business/dependency-health.ts'
import type {
  ChangedOrder,
  ChangeOrderStatus,
  CreateOrder,
  OrderCommands,
} from '../../src/business/order/commands.ts'
import { notConfirmed } from '../../src/business/refusals.ts'
import type { Operations } from '../../src/business/operations/operations.ts'
import type { DescribedEvent, OrderQueries } from '../../src/business/order/queries.ts'
import { eventBytesMax } from '../../src/business/stream/event-size.ts'
import { LiveFeed } from '../../src/business/stream/live-feed.ts'
import { FIRST_PLACE, type SettledFeed } from '../../src/business/stream/settled-feed.ts'
import type { InstanceState } from '../../src/business/publication/ownership.ts'
import { createSeal } from '../../src/service/callers/aes-seal.ts'
import { systemClock, systemRandom } from '../../src/service/system.ts'
import { describeEvents } from '../../src/service/event-contract.ts'
import { sumItems, type Order, type OrderId, type OrderItem } from '../../src/models/order.ts'
import { WatchedAnswers } from '../support/watched-answers.ts'

const SETTINGS: ServerSettings = {
  maxItemsPerOrder: 100,
  ownNames: { names: [], hasOthers: false },
  publicUrl: undefined,
  readiness: 'changes',
  trustedProxies: [],
  requestsPerSecond: undefined,
  corsOrigins: [],
  management: undefined,
  streamReadersMax: 10,
  connectionsMax: 1_000,
  acceptQueues: 1,
  kafkaBootstrapServers: 'localhost:9092',
  schemaRegistryUrl: 'http://localhost:8081',
  version: '1.2.3',
  requestTimeoutMs: 10_000,
  keepAliveMs: 65_000,
}

export const SINCE = new Date('2026-01-31T12:00:00.000Z')

const UP: DependencyState = { status: 'up', since: SINCE }

const ALL_UP: DependencyStates = { kafka: UP, schemaRegistry: UP, storage: UP }

export const INSTANCE: InstanceState = {
  instanceId: '0b0e9f5e-7c1d-4d0b-9d53-0a3b5f6c7d8e',
  isLeaseHeld: true,
  pendingEventCount: 3,
}

export function orderOf(orderId: OrderId, numItems: number): Order {
  const items: OrderItem[] = Array.from({ length: numItems }, (_, index) => ({
    itemId: `ITEM-PHONE-${100 + index}`,
    quantity: 2,
    priceMinor: 1999,
  }))
  return {
    orderId,
    customerId: 'CUST-1000',
    orderDate: '2026-01-31T12:00:00.000Z',
    items,
    totalMinor: sumItems(items),
    currency: 'USD',
    status: 'pending',
  }
}

export function changedOrder(order: Order, version = 1): ChangedOrder {
  return { order, version, isReplayed: false }
}

export interface FakeCommands extends OrderCommands {
  readonly created: CreateOrder[]
  readonly changed: ChangeOrderStatus[]
}

/** What was asked for, without the way to learn that nobody waits. */
export function withoutLeaving<Command extends { leaving?: unknown }>(command: Command): Command {
  const asked = { ...command }
  delete asked.leaving
  return asked
}

/** Keeps what it was called with; fails with `error` when there is one. */
export function createFakeCommands(error?: unknown): FakeCommands {
  const created: CreateOrder[] = []
  const changed: ChangeOrderStatus[] = []
  return {
    created,
    changed,
    async createOrder(command) {
      created.push(withoutLeaving(command))
      if (error !== undefined) throw error
      return changedOrder(orderOf(command.orderId, command.numItems))
    },
    async changeOrderStatus(command) {
      changed.push(withoutLeaving(command))
      if (error !== undefined) throw error
      return changedOrder({ ...orderOf(command.orderId, 1), status: command.status }, 2)
    },
  }
}

/** A creation begins, and has no answer until it fails. */
export function createHangingCommands() {
  const begun = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<never>()
  const commands: OrderCommands = {
    ...createFakeCommands(),
    createOrder() {
      begun.resolve()
      return answer.promise
    },
  }
  return { commands, begun: begun.promise, fail: () => answer.reject(notConfirmed()) }
}

function describedEvent(orderId: OrderId, version: number): DescribedEvent {
  return {
    event: {
      eventId: `event-${version}`,
      type: version === 1 ? 'order-created' : 'order-status-changed',
      version,
      time: '2026-01-31T12:00:00.000Z',
      order: orderOf(orderId, 1),
    },
    encoded: { key: Buffer.from(orderId), value: Buffer.from([0, 0, 0, 1, 2, 250]), schemaId: 258 },
    topic: 'order-events',
    position: { partition: 2, offset: 40 + version },
    settledAt: '2026-01-31T12:00:00.004Z',
    headers: [{ name: 'ce_id', value: `event-${version}` }],
  }
}

/** Every order is there, at version 2, and nothing else is. */
export function createFakeQueries(queries: Partial<OrderQueries> = {}): OrderQueries {
  return {
    getOrder: (orderId) => Promise.resolve({ order: orderOf(orderId, 2), version: 2 }),
    listOrders: () => Promise.resolve([]),
    listOrderEvents: () => Promise.resolve([]),
    getOrderEvent: (orderId, version) => Promise.resolve(describedEvent(orderId, version)),
    ...queries,
  }
}

/** Nothing is pending, and nothing was run. */
export function createFakeOperations(operations: Partial<Operations> = {}): Operations {
  return {
    settings: [{ name: 'KAFKA_TOPIC', value: 'order-events', source: 'default' }],
    readPublication: () =>
      Promise.resolve({
        topic: 'order-events',
        lanes: [{ partition: 0, trouble: undefined, parked: [] }],
        instances: [],
        pending: [],
        hasMore: false,
      }),
    listRuns: () => [],
    startRun: (request) => ({ ...request, state: 'running', startedAt: SINCE }),
    ...operations,
  }
}

/** Nothing was ever settled. */
export const EMPTY_FEED: SettledFeed = {
  findLastPlace: () => Promise.resolve(FIRST_PLACE),
  listSettled: () => Promise.resolve([]),
  findRetiredPlace: () => Promise.resolve(FIRST_PLACE),
}

export interface TestServer {
  readonly server: FastifyInstance
  /** What was logged, parsed. */
  readonly logged: Record<string, unknown>[]
}

export type TestServerDeps = Partial<
  Pick<
    ServerDeps,
    | 'commands'
    | 'queries'
    | 'feed'
    | 'operations'
    | 'eraseOrder'
    | 'changes'
    | 'clock'
    | 'random'
    | 'eventContract'
    | 'measures'
    | 'writeMetrics'
    | 'traceRequest'
    | 'instanceState'
    | 'isDraining'
    | 'areSchemaIdsKnown'
    | 'callers'
    | 'tls'
    | 'certificateScopes'
    | 'loginProvider'
    | 'itemsMax'
  >
> & {
  /** Everything is up but these. */
  readonly states?: Partial<DependencyStates>
  readonly settings?: Partial<ServerSettings>
  readonly logLevel?: string
}

/** A server over fakes, closed when the test ends. */
export async function startTestServer(
  t: TestContext,
  { states = {}, settings, logLevel = 'debug', ...deps }: TestServerDeps = {},
): Promise<TestServer> {
  const logged: Record<string, unknown>[] = []
  const watched = new WatchedAnswers({})
  const write = (line: string) => logged.push(JSON.parse(line) as Record<string, unknown>)
  const server = await buildServer({
    commands: createFakeCommands(),
    queries: createFakeQueries(),
    operations: createFakeOperations(),
    eraseOrder: async ({ orderId }) => ({
      order: { ...orderOf(orderId, 1), customerId: '', status: 'delivered' },
      version: 3,
      tombstone: 'written',
    }),
    itemsMax: () => settings?.maxItemsPerOrder ?? SETTINGS.maxItemsPerOrder,
    feed: new LiveFeed({
      feed: EMPTY_FEED,
      clock: systemClock,
      publishTimeoutMs: 5_000,
      eventBytesMax: () => eventBytesMax(100),
    }),
    changes: {
      enter: () => true,
      leave: () => undefined,
      isFull: () => false,
      outcomeOfRefusal: () => 'not-applied',
    },
    clock: systemClock,
    random: systemRandom,
    instanceState: () => INSTANCE,
    dependencyStates: () => ({ ...ALL_UP, ...states }),
    isDraining: () => false,
    areSchemaIdsKnown: () => true,
    callers: undefined,
    tls: undefined,
    certificateScopes: undefined,
    loginProvider: undefined,
    seal: createSeal(),
    eventContract: describeEvents('order-events', 'string'),
    measures: new Measures(),
    writeMetrics: () => Promise.resolve({ contentType: 'text/plain', text: '' }),
    settings: { ...SETTINGS, ...settings },
    logger: pino({ level: logLevel }, { write }),
    ...deps,
  })
  server.addHook('onSend', async (request, _reply, payload) => {
    watched.hearRequest(Object.entries(request.headers))
    if (typeof payload !== 'string' && !Buffer.isBuffer(payload)) return
    watched.hearAnswer(request, `the answer to ${request.url}`, payload)
  })
  t.after(async () => {
    await server.close()
    watched.assertNoLeak(JSON.stringify(logged))
  })
  return { server, logged }
}

const JSON_TYPE = { 'content-type': 'application/json' }

type Body = string | Buffer | object

function toPayload(body: Body): string | Buffer {
  return typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
}

export function postOrder(server: FastifyInstance, body: Body, headers: object = JSON_TYPE) {
  const url = '/api/create-order'
  return server.inject({ method: 'POST', url, payload: toPayload(body), headers: { ...headers } })
}

export function putOrder(server: FastifyInstance, body: Body, headers: object = JSON_TYPE) {
  const url = '/api/update-order'
  return server.inject({ method: 'PUT', url, payload: toPayload(body), headers: { ...headers } })
}
