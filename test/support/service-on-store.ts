import type { TestContext } from 'node:test'
import type { LightMyRequestResponse } from 'fastify'
import type { ChangeDeps } from '../../src/business/order/change-deps.ts'
import { changeOrderStatus } from '../../src/business/order/change-order-status.ts'
import { createOrder } from '../../src/business/order/create-order.ts'
import { getOrderEvent } from '../../src/business/order/get-order-event.ts'
import { getOrder } from '../../src/business/order/get-order.ts'
import { listOrderEvents } from '../../src/business/order/list-order-events.ts'
import { listOrders } from '../../src/business/order/list-orders.ts'
import type { StatusPolicy } from '../../src/business/order/order-status.ts'
import type { Clock } from '../../src/business/ports.ts'
import { Publications } from '../../src/business/publication/confirm-publication.ts'
import type { EventPublisher } from '../../src/business/publication/publisher-port.ts'
import { LiveFeed } from '../../src/business/stream/live-feed.ts'
import { describeHeaders } from '../../src/service/kafka/event-headers.ts'
import { partitionOf } from '../../src/service/kafka/partitioner.ts'
import { createEventEncoder } from '../../src/service/schema-registry/event-encoder.ts'
import type { BatchedStore } from '../../src/service/storage/batched-store.ts'
import { systemClock } from '../../src/service/system.ts'
import { startTestServer } from '../api/harness.ts'
import { SeededRandom } from '../fault/harness/seeded-random.ts'
import type { GeneratedRequest } from './request-sequences.ts'

const TOPIC = 'order-events'
const PARTITIONS = 3
const PUBLISH_TIMEOUT_MS = 10_000
const FIRST_MS = Date.parse('2026-01-31T12:00:00Z')

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

/** A service on one store whose every answer follows from the requests alone: no Kafka, no chance. */
export interface ServiceOnStore {
  readonly url: string
  /** Begins anew, on an empty store. */
  begin(store: BatchedStore, statusPolicy: StatusPolicy): void
  /** At an instant of its own, or that of the request before. */
  ask(request: GeneratedRequest, instant: number): Promise<LightMyRequestResponse>
}

export async function startServiceOnStore(t: TestContext): Promise<ServiceOnStore> {
  let nowMs = FIRST_MS
  const clock: Clock = { ...systemClock, now: () => new Date(nowMs) }
  let deps: ChangeDeps | undefined
  let store: BatchedStore | undefined
  const begun = () => {
    if (deps === undefined || store === undefined) throw new Error('it has not begun')
    return { ...deps, reader: store, feed: store, describeHeaders }
  }
  const feed = new LiveFeed({
    feed: {
      findLastPlace: () => begun().feed.findLastPlace(),
      listSettled: (...args) => begun().feed.listSettled(...args),
      findRetiredPlace: () => begun().feed.findRetiredPlace(),
    },
    clock,
    publishTimeoutMs: PUBLISH_TIMEOUT_MS,
    maxItemsPerOrder: 100,
  })
  t.after(() => feed.close())
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
    feed,
    clock,
    logLevel: 'error',
  })
  return {
    url: await server.listen({ host: '127.0.0.1', port: 0 }),
    begin(emptyStore, statusPolicy) {
      store = emptyStore
      deps = createDeps(emptyStore, clock, statusPolicy)
    },
    ask({ method, url, headers, payload }, instant) {
      nowMs = FIRST_MS + instant
      return server.inject({ method, url, headers, ...(payload !== undefined && { payload }) })
    },
  }
}
