import type { TestContext } from 'node:test'
import type { ChangeDeps } from '../../src/business/order/change-deps.ts'
import { changeOrderStatus } from '../../src/business/order/change-order-status.ts'
import { createOrder } from '../../src/business/order/create-order.ts'
import { eraseOrder } from '../../src/business/order/erase-order.ts'
import { getOrderEvent } from '../../src/business/order/get-order-event.ts'
import { getOrder } from '../../src/business/order/get-order.ts'
import { listOrderEvents } from '../../src/business/order/list-order-events.ts'
import { listOrders } from '../../src/business/order/list-orders.ts'
import type { StatusPolicy } from '../../src/business/order/order-status.ts'
import { createOperations } from '../../src/business/operations/operations.ts'
import { ToolRuns } from '../../src/business/operations/tool-runs.ts'
import type { Clock } from '../../src/business/ports.ts'
import { Publications } from '../../src/business/publication/confirm-publication.ts'
import type { EventPublisher } from '../../src/business/publication/publisher-port.ts'
import { eventBytesMax } from '../../src/business/stream/event-size.ts'
import { LiveFeed } from '../../src/business/stream/live-feed.ts'
import { Measures } from '../../src/business/measures/measures.ts'
import { HEARTBEAT_EVERY_MS } from '../../src/api/stream/event-streams.ts'
import { writePlace } from '../../src/api/stream/event-frame.ts'
import type { OrderId } from '../../src/models/order.ts'
import { describeHeaders } from '../../src/service/kafka/event-headers.ts'
import { partitionOf } from '../../src/service/kafka/partitioner.ts'
import { createEventEncoder } from '../../src/service/schema-registry/event-encoder.ts'
import type { BatchedStore } from '../../src/service/storage/batched-store.ts'
import { systemClock } from '../../src/service/system.ts'
import { startTestServer } from '../api/harness.ts'
import { SeededRandom } from '../fault/harness/seeded-random.ts'
import { openEventStream } from './event-stream.ts'
import type { GeneratedRequest } from './generated-requests.ts'
import { somePending } from './some-event.ts'
import { until } from './until.ts'

const TOPIC = 'order-events'
const PARTITIONS = 3
const PUBLISH_TIMEOUT_MS = 10_000
const FIRST_MS = Date.parse('2026-01-31T12:00:00Z')

/** Of an order that no request changes, and nobody publishes: no reader may see anything of it. */
const PENDING = somePending({ orderId: 'ORD-1-PENDING' as OrderId })

/** Acknowledges everything at once, at the next offset of its partition. */
function createPublisher(): EventPublisher {
  const ends = Array.from({ length: PARTITIONS }, () => 0)
  const ack = (partition: number) => {
    const offset = ends[partition] ?? 0
    ends[partition] = offset + 1
    return { kind: 'acked', position: { partition, offset } } as const
  }
  return {
    admit: (key) => ({
      topic: TOPIC,
      partition: partitionOf(key, PARTITIONS),
      searchFromOffset: 0,
      producer: { id: 1, epoch: 0 },
    }),
    publish: ({ partition }) => Promise.resolve(ack(partition)),
    recover: ({ partition }) => Promise.resolve(ack(partition)),
  }
}

function createDeps(store: BatchedStore, clock: Clock, statusPolicy: StatusPolicy): ChangeDeps {
  const publisher = createPublisher()
  let eventCount = 0
  return {
    store,
    retryKeys: store,
    publisher,
    publications: new Publications({ store, publisher, clock }),
    lease: { isHeld: true },
    encoder: createEventEncoder({ topic: TOPIC, keyFormat: 'string', schemaIdOf: () => 7 }),
    clock,
    random: new SeededRandom(1),
    ids: { nextEventId: () => `event-${(eventCount += 1)}` },
    publishTimeoutMs: PUBLISH_TIMEOUT_MS,
    pendingEventsMax: 1_000,
    statusPolicy,
    isDraining: () => false,
  }
}

/** What is compared: an answer as a caller gets it. */
export interface Answer {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
  /** Of a stream that was read to its present end: where a reader continues after each event. */
  readonly eventIds?: readonly string[]
}

const writeTombstones = () => Promise.resolve('written' as const)

/** A service on one store whose every answer follows from the requests alone: no Kafka, no chance. */
export interface ServiceOnStore {
  /** Begins anew, on an empty store that gets one pending event of somebody else. */
  begin(store: BatchedStore, statusPolicy: StatusPolicy): Promise<void>
  /** At an instant of its own, or that of the request before. */
  ask(request: GeneratedRequest, instant: number): Promise<Answer>
}

export async function startServiceOnStore(t: TestContext): Promise<ServiceOnStore> {
  let nowMs = FIRST_MS
  let beat: (() => void) | undefined
  const clock: Clock = {
    ...systemClock,
    now: () => new Date(nowMs),
    schedule(delayMs, task) {
      const takeBack = systemClock.schedule(delayMs, task)
      if (delayMs === HEARTBEAT_EVERY_MS) {
        beat = () => {
          takeBack()
          task()
        }
      }
      return takeBack
    },
  }
  let deps: ChangeDeps | undefined
  let store: BatchedStore | undefined
  const begun = () => {
    if (deps === undefined || store === undefined) throw new Error('it has not begun')
    return { ...deps, reader: store, feed: store, describeHeaders, writeTombstones }
  }
  const feed = new LiveFeed({
    feed: {
      findLastPlace: () => begun().feed.findLastPlace(),
      listSettled: (...args) => begun().feed.listSettled(...args),
      findRetiredPlace: () => begun().feed.findRetiredPlace(),
    },
    clock,
    publishTimeoutMs: PUBLISH_TIMEOUT_MS,
    eventBytesMax: () => eventBytesMax(100),
  })
  t.after(() => feed.close())
  const measures = new Measures()
  const { server } = await startTestServer(t, {
    commands: {
      createOrder: (command) => createOrder(begun(), command),
      changeOrderStatus: (command) => changeOrderStatus(begun(), command),
    },
    queries: {
      getOrder: (orderId) => getOrder(begun(), orderId),
      listOrders: (query) => listOrders(begun(), query),
      listOrderEvents: (...args) => listOrderEvents(begun(), ...args),
      getOrderEvent: (...args) => getOrderEvent(begun(), ...args),
    },
    eraseOrder: (command) => eraseOrder(begun(), command),
    operations: createOperations({
      settings: [{ name: 'KAFKA_TOPIC', value: TOPIC, source: 'default' }],
      topic: TOPIC,
      store: { listPending: (max) => begun().store.listPending(max) },
      lanes: () => [],
      // Only a shared store has any.
      listInstances: () => Promise.resolve([]),
      runs: new ToolRuns({ runTool: () => Promise.resolve({}), clock }),
      clock,
      readTimeoutMs: PUBLISH_TIMEOUT_MS,
    }),
    feed,
    clock,
    measures,
    logLevel: 'error',
  })
  const url = await server.listen({ host: '127.0.0.1', port: 0 })

  async function inject({ method, url: path, headers, payload }: GeneratedRequest) {
    const asked = { method, url: path, headers, ...(payload !== undefined && { payload }) }
    const { statusCode, headers: answered, body } = await server.inject(asked)
    return { statusCode, headers: answered, body }
  }

  /** A reader without an event to wait for is moved to the end by a heartbeat. */
  async function readStream(request: GeneratedRequest): Promise<Answer> {
    const { statusCode } = await inject({ ...request, method: 'HEAD' })
    // It is let in by the same rules, and only what is refused has an end.
    if (statusCode !== 200) return inject(request)
    const end = writePlace(await begun().feed.findLastPlace())
    const stream = await openEventStream(`${url}${request.url}`, request.headers)
    try {
      await until(
        () => {
          beat?.()
          return stream.lastEventId() === end
        },
        () => `the reader is at ${end}, it is at ${stream.lastEventId()}`,
      )
    } finally {
      stream.close()
    }
    // A reader that is still there would hold on to the events of this store when another one begins.
    await until(() => measures.streamReaderCount === 0, 'the reader has left')
    const events = stream.events.map(({ event, data }) => JSON.stringify([event, data]))
    const headers = Object.fromEntries(stream.headers)
    const eventIds = stream.events.map(({ id }) => id)
    return { statusCode, headers, body: events.join('\n'), eventIds }
  }

  return {
    async begin(emptyStore, statusPolicy) {
      store = emptyStore
      deps = createDeps(emptyStore, clock, statusPolicy)
      await emptyStore.reserve(PENDING)
    },
    ask(request, instant) {
      nowMs = FIRST_MS + instant
      const { method, url: path } = request
      const isStream = method === 'GET' && path.startsWith('/api/events/stream?')
      return isStream ? readStream(request) : inject(request)
    },
  }
}
