import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  measureCommands,
  measureErasure,
} from '../../../../src/business/measures/measured-commands.ts'
import { measurePublisher } from '../../../../src/business/measures/measured-publisher.ts'
import { Measures } from '../../../../src/business/measures/measures.ts'
import type { Tally } from '../../../../src/business/measures/tally.ts'
import {
  notConfirmed,
  notTakenInTime,
  orderNotFound,
  tombstoneNotWritten,
} from '../../../../src/business/refusals.ts'
import type {
  EventPublisher,
  PublishOutcome,
} from '../../../../src/business/publication/publisher-port.ts'
import type { OrderId } from '../../../../src/models/order.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { someOrder, somePending } from '../../../support/some-event.ts'

const ORDER_ID = 'ORD-1' as OrderId

function countsOf(tally: Tally): Record<string, number> {
  return Object.fromEntries(
    tally.list().flatMap(({ labels, count }) => (count === 0 ? [] : [[labels.join(' '), count]])),
  )
}

test('a change is counted by what its caller is told', async () => {
  const measures = new Measures()
  const answers = [
    () => ({ order: someOrder(), version: 1, isReplayed: false }),
    () => ({ order: someOrder(), version: 1, isReplayed: true }),
    () => assert.fail('a bug'),
    ...[orderNotFound(ORDER_ID), notTakenInTime(), notConfirmed()].map((error) => () => {
      throw error
    }),
  ]
  const answer = async () => answers.shift()?.() ?? assert.fail('no answer is left')
  const commands = measureCommands({ createOrder: answer, changeOrderStatus: answer }, measures)
  const create = () => commands.createOrder({ orderId: ORDER_ID, numItems: 1 })
  const update = () => commands.changeOrderStatus({ orderId: ORDER_ID, status: 'shipped' })
  await create()
  await update()
  await assert.rejects(create, /a bug/u)
  await assert.rejects(update, orderNotFound(ORDER_ID))
  await assert.rejects(create, notTakenInTime())
  await assert.rejects(create, notConfirmed())
  assert.deepEqual(countsOf(measures.changes), {
    'create done': 1,
    'create failed': 1,
    'create not-applied': 1,
    'create unknown': 1,
    'update replayed': 1,
    'update refused': 1,
  })
})

test('an erasure is counted as any change, and one whose tombstone may be missing is not known', async () => {
  const measures = new Measures()
  const erased = { order: someOrder(), version: 3, tombstone: 'written' } as const
  const answers = [
    () => erased,
    () => {
      throw tombstoneNotWritten(ORDER_ID)
    },
  ]
  const answer = async () => answers.shift()?.() ?? assert.fail('no answer is left')
  const erase = measureErasure(answer, measures)
  assert.equal(await erase({ orderId: ORDER_ID }), erased)
  await assert.rejects(erase({ orderId: ORDER_ID }), tombstoneNotWritten(ORDER_ID))
  assert.deepEqual(countsOf(measures.changes), { 'erase done': 1, 'erase unknown': 1 })
})

function publisherThat(publish: EventPublisher['publish']): EventPublisher {
  return { admit: () => assert.fail(), recover: () => assert.fail(), publish }
}

test('an acknowledgement is timed, and names its trace where somebody keeps that', async () => {
  const measures = new Measures()
  const clock = new ManualClock()
  const outcome: PublishOutcome = { kind: 'acked', position: { partition: 0, offset: 1 } }
  const publisher = measurePublisher(
    publisherThat(() => {
      clock.advance(30)
      return Promise.resolve(outcome)
    }),
    measures,
    clock,
  )
  const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7'
  await publisher.publish(somePending({ traceparent: `${trace}-00` }), 5_000)
  assert.deepEqual(measures.acknowledgements.exemplars.filter(Boolean), [])
  await publisher.publish(somePending({ traceparent: `${trace}-01` }), 5_000)
  assert.deepEqual(measures.acknowledgements.exemplars.filter(Boolean), [
    { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', seconds: 0.03, at: 0.06 },
  ])
  assert.equal(measures.acknowledgements.sumSeconds, 0.06)
  assert.deepEqual(countsOf(measures.publications), { acked: 2 })
})

test('an event that is not acknowledged has no time to acknowledgement', async () => {
  const measures = new Measures()
  const publisher = measurePublisher(
    publisherThat(() => Promise.resolve({ kind: 'cancelled' })),
    measures,
    new ManualClock(),
  )
  await publisher.publish(somePending({}), 5_000)
  assert.deepEqual(countsOf(measures.publications), { cancelled: 1 })
  assert.equal(
    measures.acknowledgements.counts.reduce((sum, count) => sum + count, 0),
    0,
  )
})
