import type { TestContext } from 'node:test'
import { changeOrderStatus } from '../../src/business/order/change-order-status.ts'
import type { ChangeDeps } from '../../src/business/order/change-deps.ts'
import type { BroughtOrder, ChangedOrder } from '../../src/business/order/commands.ts'
import { createOrder } from '../../src/business/order/create-order.ts'
import { Publications } from '../../src/business/publication/confirm-publication.ts'
import type {
  Acked,
  EventPublisher,
  PublishOutcome,
} from '../../src/business/publication/publisher-port.ts'
import type { OrderId } from '../../src/models/order.ts'
import { openSqliteStore } from '../../src/service/storage/sqlite/store.ts'
import { systemIds, systemRandom } from '../../src/service/system.ts'
import { ManualClock } from './manual-clock.ts'

export const ACKED: Acked = { kind: 'acked', position: { partition: 0, offset: 0 } }

export const PUBLISH_TIMEOUT_MS = 5_000

export const ORDER_ID = 'ORD-1' as OrderId

/** The use cases over a real store; what the broker answers is the test's to say. */
export async function setUpUseCases(t: TestContext) {
  const store = await openSqliteStore({ path: ':memory:' })
  t.after(() => store.close())
  const clock = new ManualClock()
  let offset = 0
  const published: string[] = []
  let answer = (): Promise<PublishOutcome> => {
    offset += 1
    return Promise.resolve({ ...ACKED, position: { partition: 0, offset } })
  }
  const publisher: EventPublisher = {
    admit: () => ({
      topic: 'orders',
      partition: 0,
      searchFromOffset: 0,
      producer: { id: 4_001, epoch: 0 },
    }),
    publish: ({ event }) => {
      published.push(event.eventId)
      return answer()
    },
    recover: () => new Promise(() => {}),
  }
  const deps: ChangeDeps = {
    store,
    retryKeys: store,
    publisher,
    publications: new Publications({ store, publisher, clock }),
    lease: { isHeld: true },
    encoder: {
      encode: ({ order }) => ({
        key: Buffer.from(order.orderId),
        value: Buffer.from(order.status),
        schemaId: 1,
      }),
    },
    clock,
    random: systemRandom,
    ids: systemIds,
    publishTimeoutMs: PUBLISH_TIMEOUT_MS,
    pendingEventsMax: 1_000,
    statusPolicy: 'lifecycle',
    isDraining: () => false,
  }
  const create = (
    key: string | undefined,
    numItems = 2,
    brought?: BroughtOrder,
  ): Promise<ChangedOrder> =>
    createOrder(deps, {
      orderId: ORDER_ID,
      numItems,
      ...(brought && { brought }),
      ...retryKeyOf(key, `create ${numItems}`),
    })
  const change = (
    key: string | undefined,
    status: 'confirmed' | 'shipped',
    expectedVersions?: readonly number[],
  ): Promise<ChangedOrder> =>
    changeOrderStatus(deps, {
      orderId: ORDER_ID,
      status,
      ...retryKeyOf(key, status),
      ...(expectedVersions && { expectedVersions }),
    })
  return {
    deps,
    store,
    clock,
    published,
    create,
    change,
    answerWith: (next: () => Promise<PublishOutcome>) => {
      answer = next
    },
  }
}

export function retryKeyOf(idempotencyKey: string | undefined, fingerprint: string) {
  return idempotencyKey === undefined ? {} : { retryKey: { idempotencyKey, fingerprint } }
}
