import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { CommandError } from '../../src/business/errors.ts'
import type { ChangeDeps } from '../../src/business/order/begin-change.ts'
import { changeOrderStatus } from '../../src/business/order/change-order-status.ts'
import { createOrder } from '../../src/business/order/create-order.ts'
import type { Clock, OrderStore } from '../../src/business/ports.ts'
import { Publications } from '../../src/business/publication/confirm-publication.ts'
import type { OrderEvent } from '../../src/models/order-event.ts'
import type { OrderId, OrderStatus } from '../../src/models/order.ts'
import { openSqliteStore } from '../../src/service/storage/sqlite/store.ts'
import { systemIds, systemRandom } from '../../src/service/system.ts'
import { CrashPoint } from '../support/crash-point.ts'
import {
  ModelTopic,
  modelPublisher,
  mortalStore,
  PUBLISH_FATES,
  type PublishFate,
} from '../support/model-topic.ts'

/**
 * The publication protocol against a model of the broker: every event may be acked, refused,
 * cancelled or left in doubt, and the process may die before or after every single call of a port.
 * The store is the real one, in memory; a crash forgets everything but the store and the topic.
 */

const SCENARIOS = 2_000

interface Request {
  readonly orderId: OrderId
  /** Undefined: create. */
  readonly status: OrderStatus | undefined
}

/** `none`: the process died before it answered. */
type Reply = 'ok' | 'none' | CommandError

interface Exchange {
  readonly request: Request
  /** Carried by the event that this request causes. */
  readonly traceparent: string
  reply: Reply
}

const request = fc.record({
  orderId: fc.constantFrom('a', 'b').map((id) => id as OrderId),
  status: fc.option(fc.constantFrom<OrderStatus>('confirmed', 'shipped'), { nil: undefined }),
})

const scenario = fc.record({
  /** Requests of one inner list are sent at the same time. */
  rounds: fc.array(fc.array(request, { minLength: 1, maxLength: 3 }), {
    minLength: 1,
    maxLength: 5,
  }),
  fates: fc.array(fc.constantFrom<PublishFate>('acked', ...PUBLISH_FATES), {
    minLength: 1,
    maxLength: 12,
  }),
  crashAtCall: fc.nat({ max: 40 }),
  crashWhen: fc.constantFrom('before' as const, 'after' as const),
})

/** Time passes by turns of the event loop, slowly enough that what is under way gets done. */
const TURNS_PER_SLEEP = 30

const modelClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => 0,
  schedule: () => () => {},
  async sleep(_delayMs, signal) {
    for (let turn = 0; turn < TURNS_PER_SLEEP && signal?.aborted !== true; turn += 1) {
      await setImmediate()
    }
  },
}

test('no crash and no answer of the broker makes a reply false, loses an event or repeats one', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async ({ rounds, fates, crashAtCall, crashWhen }) => {
      const store = await openSqliteStore({ path: ':memory:' })
      const topic = new ModelTopic()
      const crash = new CrashPoint(crashAtCall, crashWhen)
      const settled = new Set<string>()
      const note = (event: OrderEvent): void => void settled.add(nameOf(changeIn(event)))
      const first = startProcess(store, topic, fates, crash, note)
      const exchanges = await sendRounds(first, settled, rounds, crash)
      crash.kill()

      const next = startProcess(store, topic, ['acked'], new CrashPoint(Infinity, 'before'))
      await store.join()
      for (const left of await store.takeOverPending(1_000)) next.publications.recover(left)
      await untilIdle(next.publications)

      assert.deepEqual(await store.listPending(10), [], 'nothing is left pending')
      await assertSound(topic, store)
      for (const exchange of exchanges) assertTrue(exchange, exchanges, topic)
      await store.close()
    }),
    { numRuns: SCENARIOS },
  )
})

function changeIn({ type, order }: OrderEvent): Request {
  return { orderId: order.orderId, status: type === 'order-created' ? undefined : order.status }
}

function nameOf({ orderId, status }: Request): string {
  return `${orderId} ${status ?? 'created'}`
}

function startProcess(
  store: OrderStore,
  topic: ModelTopic,
  fates: readonly PublishFate[],
  crash: CrashPoint,
  onSettled: (event: OrderEvent) => void = () => {},
): ChangeDeps {
  const ports = {
    store: mortalStore(store, crash, onSettled),
    publisher: modelPublisher(topic, fates, crash),
    clock: modelClock,
  }
  return {
    ...ports,
    publications: new Publications(ports),
    encoder: {
      encode: ({ order }) => ({
        key: Buffer.from(order.orderId),
        value: Buffer.from(order.status),
        schemaId: 1,
      }),
    },
    random: systemRandom,
    ids: systemIds,
    retryKeys: { findKeyedChange: () => Promise.resolve(undefined) },
    lease: { isHeld: true },
    publishTimeoutMs: 1,
    statusPolicy: 'any',
    isDraining: () => false,
  }
}

async function sendRounds(
  deps: ChangeDeps,
  settled: ReadonlySet<string>,
  rounds: ReadonlyArray<readonly Request[]>,
  crash: CrashPoint,
): Promise<Exchange[]> {
  const exchanges: Exchange[] = []
  for (const round of rounds) {
    if (crash.isDead) break
    const sent = round.map(async (one) => {
      const exchange: Exchange = {
        request: one,
        traceparent: `trace-${exchanges.length}`,
        reply: 'none',
      }
      exchanges.push(exchange)
      const reply = await send(deps, exchange)
      if (crash.isDead) return
      exchange.reply = reply
      if (reply === 'ok') assert.ok(settled.has(nameOf(one)), 'what is confirmed is recorded')
    })
    await Promise.race([Promise.all(sent), crash.died])
  }
  return exchanges
}

async function send(
  deps: ChangeDeps,
  { request: { orderId, status }, traceparent }: Exchange,
): Promise<Reply> {
  try {
    await (status === undefined
      ? createOrder(deps, { orderId, numItems: 1, traceparent })
      : changeOrderStatus(deps, { orderId, status, traceparent }))
    return 'ok'
  } catch (error) {
    assert.ok(error instanceof CommandError, String(error))
    return error
  }
}

async function untilIdle(publications: Publications): Promise<void> {
  for (let turn = 0; turn < 10_000 && publications.count > 0; turn += 1) await setImmediate()
  assert.equal(publications.count, 0, 'recovery ends')
}

async function assertSound(topic: ModelTopic, store: OrderStore): Promise<void> {
  const latest = new Map(topic.records.map(({ event }) => [event.order.orderId, event]))
  const versions = new Map<OrderId, number>()
  for (const { event } of topic.records) {
    const { orderId } = event.order
    assert.equal(event.version, (versions.get(orderId) ?? 0) + 1, 'versions stand without a gap')
    versions.set(orderId, event.version)
  }
  for (const orderId of ['a', 'b'] as OrderId[]) {
    const event = latest.get(orderId)
    const expected = event && { order: event.order, version: event.version }
    assert.deepEqual(await store.findOrder(orderId), expected, 'the store is what the topic says')
  }
}

function assertTrue(exchange: Exchange, all: readonly Exchange[], topic: ModelTopic): void {
  const { request: asked, traceparent, reply } = exchange
  const isOnTopic = topic.records.some(({ event }) => event.traceparent === traceparent)
  if (reply === 'ok') {
    assert.ok(isOnTopic || sharedSettlement(exchange, all, topic), 'what was confirmed is there')
  } else if (reply !== 'none' && reply.outcome !== 'unknown') {
    assert.ok(!isOnTopic, `answered ${reply.code}, so ${JSON.stringify(asked)} is not there`)
  }
}

/** A request that repeats one in doubt is answered with that one's settlement. */
function sharedSettlement(
  { request: asked }: Exchange,
  all: readonly Exchange[],
  topic: ModelTopic,
): boolean {
  return all.some(
    ({ request: other, reply, traceparent }) =>
      other.orderId === asked.orderId &&
      other.status === asked.status &&
      reply instanceof CommandError &&
      reply.outcome === 'unknown' &&
      topic.records.some(({ event }) => event.traceparent === traceparent),
  )
}
