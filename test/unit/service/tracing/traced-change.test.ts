import assert from 'node:assert/strict'
import { test } from 'node:test'
import { composeTracing } from '../../../../src/compose-tracing.ts'
import {
  notConfirmed,
  orderNotFound,
  tombstoneNotWritten,
} from '../../../../src/business/refusals.ts'
import type { OrderId } from '../../../../src/models/order.ts'
import { createEntry } from '../../../../src/service/kafka/lane/entry.ts'
import { traceCommands } from '../../../../src/service/tracing/traced-commands.ts'
import { traceRecovery, traceStore } from '../../../../src/service/tracing/traced-publication.ts'
import { traceRequest } from '../../../../src/service/tracing/traced-requests.ts'
import { traceSession } from '../../../../src/service/tracing/traced-session.ts'
import { keepSpans } from '../../../support/kept-spans.ts'
import { someOrder, somePending } from '../../../support/some-event.ts'
import { FakeSession, UNKNOWN } from '../kafka/lane/fake-session.ts'

const ORDER_ID = 'ORD-1' as OrderId

const CALLER = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' }

const SAMPLED = `00-${CALLER.traceId}-${CALLER.spanId}-01`
const NOT_SAMPLED = SAMPLED.replace(/01$/u, '00')

function entryOf(traceparent?: string) {
  const parts = traceparent === undefined ? {} : { traceparent }
  return createEntry(somePending({ orderId: ORDER_ID, ...parts }), Infinity, () => {})
}

const NUMBERS = { id: 7, epoch: 0, firstSequence: 0 }

test('the event of a change carries the span of its change, below that of the request and the caller', async (t) => {
  const { tracer, list } = keepSpans(t)
  let carried: string | undefined
  const done = { order: someOrder(), version: 1, isReplayed: false }
  const commands = traceCommands(
    {
      createOrder: async ({ traceparent }) => {
        carried = traceparent
        return done
      },
      changeOrderStatus: async () => done,
    },
    tracer,
    'orders',
  )
  let change: Promise<unknown> | undefined
  const request = { method: 'POST', route: '/api/create-order', headers: { traceparent: SAMPLED } }
  const end = traceRequest(tracer, request, () => {
    change = commands.createOrder({ orderId: ORDER_ID, numItems: 1, traceparent: SAMPLED })
  })
  await change
  end?.(201)
  const [create, server] = list()
  assert.ok(create !== undefined && server !== undefined)
  assert.deepEqual([create.name, server.name], ['create orders', 'POST /api/create-order'])
  assert.equal(server.parentSpanId, CALLER.spanId)
  assert.equal(create.parentSpanId, server.spanId)
  assert.equal(create.traceId, CALLER.traceId)
  assert.equal(carried, `00-${create.traceId}-${create.spanId}-01`)
})

test('a caller that does not keep its trace is followed', async (t) => {
  const { tracer, list } = keepSpans(t)
  let carried: string | undefined
  const answer = async ({ traceparent }: { traceparent?: string }) => {
    carried = traceparent
    return { order: someOrder(), version: 1, isReplayed: false }
  }
  const commands = traceCommands(
    { createOrder: answer, changeOrderStatus: answer },
    tracer,
    'orders',
  )
  let change: Promise<unknown> | undefined
  const request = {
    method: 'PUT',
    route: '/api/update-order',
    headers: { traceparent: NOT_SAMPLED },
  }
  const end = traceRequest(tracer, request, () => {
    const traceparent = NOT_SAMPLED
    change = commands.changeOrderStatus({ orderId: ORDER_ID, status: 'shipped', traceparent })
  })
  await change
  end?.(200)
  assert.deepEqual(list(), [])
  assert.equal(carried, NOT_SAMPLED, 'the event carries what its caller sent')
})

test('an answer that is not definite is an error of the span, a refusal is not', async (t) => {
  const { tracer, list } = keepSpans(t)
  for (const error of [notConfirmed(), orderNotFound(ORDER_ID)]) {
    const fail = () => Promise.reject(error)
    const commands = traceCommands({ createOrder: fail, changeOrderStatus: fail }, tracer, 'orders')
    const request = { method: 'PUT', route: '/api/update-order', headers: {} }
    let change: Promise<unknown> | undefined
    traceRequest(tracer, request, () => {
      change = commands.changeOrderStatus({ orderId: ORDER_ID, status: 'shipped' })
    })
    await assert.rejects(async () => change, error)
  }
  assert.deepEqual(
    list().map(({ isError }) => isError),
    [true, false],
  )
})

test('a request whose client has left has no status, and is no error', (t) => {
  const { tracer, list } = keepSpans(t)
  const end = traceRequest(tracer, { method: 'GET', route: '/', headers: {} }, () => {})
  end?.(undefined)
  const [span] = list()
  assert.deepEqual(span?.attributes, {
    'http.request.method': 'GET',
    'http.route': '/',
    'error.type': 'client-left',
  })
  assert.equal(span.isError, false)
})

test('an erasure has the span of a change, and one whose tombstone may be missing is an error', async (t) => {
  const { tracer, list } = keepSpans(t)
  const carried: unknown[] = []
  const erased = { order: someOrder(), version: 3, tombstone: 'written' } as const
  const answers = [() => erased, () => Promise.reject(tombstoneNotWritten(ORDER_ID))]
  const erase = composeTracing('orders').erasure(async ({ traceparent }) => {
    carried.push(traceparent)
    return (answers.shift() ?? assert.fail)()
  })
  const request = { method: 'POST', route: '/api/operations/erasures', headers: {} }
  const eraseTraced = async () => {
    let erasing: Promise<unknown> | undefined
    const end = traceRequest(tracer, request, () => {
      erasing = erase({ orderId: ORDER_ID })
    })
    return (erasing ?? assert.fail()).finally(() => end?.(200))
  }
  assert.equal(await eraseTraced(), erased)
  await assert.rejects(eraseTraced, tombstoneNotWritten(ORDER_ID))
  const [done, server, failed] = list()
  assert.ok(done !== undefined && server !== undefined && failed !== undefined)
  assert.deepEqual([done.name, server.name], ['create orders', 'POST /api/operations/erasures'])
  assert.deepEqual([done.parentSpanId, done.traceId], [server.spanId, server.traceId])
  assert.deepEqual(
    carried,
    [done, failed].map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`),
  )
  assert.deepEqual([done.isError, failed.isError], [false, true])
})

test('a batch is one span, linked to its sampled events and kept with the first of them', async (t) => {
  const { tracer, list } = keepSpans(t)
  const session = traceSession(new FakeSession(), tracer, 'orders', 2)
  const other = SAMPLED.replace(/4736/u, '4737')
  const entries = [entryOf(NOT_SAMPLED), entryOf(SAMPLED), entryOf(), entryOf(other)]
  await session.send(entries, NUMBERS, true)
  const [span, ...more] = list()
  assert.deepEqual(more, [])
  assert.equal(span?.traceId, CALLER.traceId)
  assert.equal(span.parentSpanId, CALLER.spanId)
  assert.deepEqual(
    span.links.map(({ traceId }) => traceId),
    [CALLER.traceId, CALLER.traceId.replace(/4736$/u, '4737')],
  )
  assert.deepEqual(span.attributes, {
    'messaging.system': 'kafka',
    'messaging.destination.name': 'orders',
    'messaging.destination.partition.id': '2',
    'messaging.operation.name': 'send',
    'messaging.operation.type': 'send',
    'messaging.batch.message_count': 4,
    'messaging.kafka.offset': 0,
  })
})

test('a batch without a sampled event has no span, and one that failed says so', async (t) => {
  const { tracer, list } = keepSpans(t)
  const fake = new FakeSession()
  const session = traceSession(fake, tracer, 'orders', 0)
  await session.send([entryOf(), entryOf(NOT_SAMPLED)], NUMBERS, true)
  assert.deepEqual(list(), [])
  fake.sends.push(UNKNOWN)
  await session.send([entryOf(SAMPLED)], NUMBERS, true)
  assert.deepEqual(
    list().map(({ isError }) => isError),
    [true],
  )
})

test('settling is a span of the trace of the event', async (t) => {
  const { tracer, list } = keepSpans(t)
  const store = traceStore(
    {
      reserve: async () => 'reserved',
      settle: async () => 'settled',
      discard: async () => 'discarded',
    },
    tracer,
  )
  const pending = somePending({ traceparent: SAMPLED })
  await store.reserve(pending)
  await store.settle(pending, { partition: 0, offset: 1 })
  await store.settle(somePending({}), { partition: 0, offset: 2 })
  assert.deepEqual(
    list().map(({ name, traceId, parentSpanId }) => [name, traceId, parentSpanId]),
    [['settle', CALLER.traceId, CALLER.spanId]],
  )
})

test('a recovery is a trace of its own, linked to the stored one', async (t) => {
  const { tracer, list } = keepSpans(t)
  const publisher = traceRecovery(
    {
      admit: () => assert.fail(),
      publish: () => assert.fail(),
      recover: async () => ({ kind: 'acked', position: { partition: 1, offset: 42 } }),
    },
    tracer,
    'orders',
  )
  await publisher.recover(somePending({ traceparent: SAMPLED }))
  const [span] = list()
  assert.equal(span?.name, 'recover orders')
  assert.equal(span.parentSpanId, undefined)
  assert.notEqual(span.traceId, CALLER.traceId)
  assert.deepEqual(span.links, [CALLER])
})
