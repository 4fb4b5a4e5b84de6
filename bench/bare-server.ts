import process from 'node:process'
import { pino } from 'pino'
import { buildServer } from '../src/api/server.ts'
import { DependencyHealth } from '../src/business/dependency-health.ts'
import { Measures } from '../src/business/measures/measures.ts'
import { completeOrder } from '../src/business/order/order-generator.ts'
import { eventBytesMax } from '../src/business/stream/event-size.ts'
import { LiveFeed } from '../src/business/stream/live-feed.ts'
import type { OrderId } from '../src/models/order.ts'
import { describeEvents } from '../src/service/event-contract.ts'
import { createSeal } from '../src/service/callers/aes-seal.ts'
import { systemClock, systemRandom } from '../src/service/system.ts'

/** The same routes and schemas with nothing behind them: what HTTP alone costs on this machine. */

const notPartOfThis = (): Promise<never> => Promise.reject(new Error('not part of the benchmark'))

const health = new DependencyHealth(systemClock, () => {})

/** The order of every update: as large as those that the bench creates. */
const changed = completeOrder(
  { orderId: 'ORD-1' as OrderId, numItems: 3 },
  systemClock.now().toISOString(),
  systemRandom,
)

const server = await buildServer({
  commands: {
    createOrder: (command) =>
      Promise.resolve({
        order: completeOrder(command, systemClock.now().toISOString(), systemRandom),
        version: 1,
        isReplayed: false,
      }),
    changeOrderStatus: ({ orderId, status }) =>
      Promise.resolve({ order: { ...changed, orderId, status }, version: 2, isReplayed: false }),
  },
  queries: {
    getOrder: notPartOfThis,
    listOrders: notPartOfThis,
    listOrderEvents: notPartOfThis,
    getOrderEvent: notPartOfThis,
  },
  eraseOrder: notPartOfThis,
  operations: {
    settings: [],
    readPublication: notPartOfThis,
    listRuns: () => [],
    startRun: (request) => ({ ...request, state: 'running', startedAt: systemClock.now() }),
  },
  itemsMax: () => 100,
  feed: new LiveFeed({
    feed: {
      findLastPlace: notPartOfThis,
      listSettled: notPartOfThis,
      findRetiredPlace: notPartOfThis,
    },
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
  dependencyStates: () => health.states(),
  instanceState: () => ({ instanceId: 'bare', isLeaseHeld: true, pendingEventCount: 0 }),
  isDraining: () => false,
  areSchemaIdsKnown: () => true,
  callers: undefined,
  tls: undefined,
  certificateScopes: undefined,
  loginProvider: undefined,
  seal: createSeal(),
  eventContract: describeEvents('none', 'string'),
  measures: new Measures(),
  writeMetrics: notPartOfThis,
  settings: {
    ownNames: { names: [], hasOthers: false },
    publicUrl: undefined,
    trustedProxies: [],
    requestsPerSecond: undefined,
    corsOrigins: [],
    management: undefined,
    maxItemsPerOrder: 100,
    readiness: 'changes',
    streamReadersMax: 1,
    connectionsMax: 20_000,
    acceptQueues: 8,
    kafkaBootstrapServers: 'none',
    schemaRegistryUrl: 'http://none',
    version: 'bench',
    requestTimeoutMs: 10_000,
    keepAliveMs: 65_000,
  },
  logger: pino({ level: 'silent' }),
})
await server.listen({ host: '127.0.0.1', port: Number(process.argv[2]) })
