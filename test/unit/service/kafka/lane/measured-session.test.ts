import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Measures } from '../../../../../src/business/measures/measures.ts'
import type { Tally } from '../../../../../src/business/measures/tally.ts'
import type { OrderId } from '../../../../../src/models/order.ts'
import { PartitionLane } from '../../../../../src/service/kafka/lane/driver.ts'
import {
  measureProduce,
  measureSession,
} from '../../../../../src/service/kafka/lane/measured-session.ts'
import type { Produce } from '../../../../../src/service/kafka/produce-request.ts'
import { ManualClock } from '../../../../support/manual-clock.ts'
import { somePending } from '../../../../support/some-event.ts'
import { FakeSession, PRODUCER, REFUSED, UNKNOWN } from './fake-session.ts'

function countsOf(tally: Tally): Record<string, number> {
  return Object.fromEntries(
    tally.list().flatMap(({ labels, count }) => (count === 0 ? [] : [[labels.join(' '), count]])),
  )
}

const answer: Produce = () => Promise.resolve({ batches: [], throttleTimeMs: 0 })

const breakOff: Produce = () => Promise.reject(new Error('closed'))

async function setUp() {
  const measures = new Measures()
  const session = new FakeSession()
  const clock = new ManualClock()
  const lane = new PartitionLane({
    topic: 'orders',
    partition: 0,
    openSession: () => measureSession(session, measures),
    clock,
    mayPublish: () => true,
    onSuspicion: () => {},
  })
  await clock.runUntil(() => lane.isOpen, 50)
  const pending = { ...somePending({ orderId: 'ORD-1' as OrderId }), producer: PRODUCER }
  return { measures, session, clock, lane, pending }
}

test('a request without an answer leads to a look, and to another one behind what is sent again', async () => {
  const { measures, session, clock, lane, pending } = await setUp()
  session.sends.push(UNKNOWN)
  let kind: string | undefined
  void lane.publish(pending, Infinity).then((outcome) => {
    ;({ kind } = outcome)
  })
  await clock.runUntil(() => kind !== undefined, 50)
  assert.equal(kind, 'acked')
  assert.deepEqual(countsOf(measures.producedBatches), { unknown: 1, acked: 1 })
  assert.deepEqual(countsOf(measures.topicLooks), { unanswered: 1, 'sent-again': 1 })
  assert.equal(measures.producedEventCount, 2)
  await lane.close()
})

test('a proven refusal is counted and needs no look', async () => {
  const { measures, session, clock, lane, pending } = await setUp()
  session.sends.push(REFUSED)
  let kind: string | undefined
  void lane.publish(pending, 5_000).then((outcome) => {
    ;({ kind } = outcome)
  })
  await clock.runUntil(() => kind !== undefined, 50)
  assert.equal(kind, 'refused')
  assert.deepEqual(countsOf(measures.producedBatches), { refused: 1 })
  assert.deepEqual(countsOf(measures.topicLooks), {})
  await lane.close()
})

test('a request counts once, however many batches it has', async () => {
  const measures = new Measures()
  const batches = [0, 1].map((partition) => ({ partition, records: Buffer.alloc(0), bytes: 0 }))
  const connection = {} as Parameters<Produce>[0]
  await measureProduce(answer, measures)(connection, 'orders', batches)
  assert.deepEqual(countsOf(measures.produceRequests), { answered: 1 })
  await assert.rejects(measureProduce(breakOff, measures)(connection, 'orders', batches), /closed/)
  assert.deepEqual(countsOf(measures.produceRequests), { answered: 1, unanswered: 1 })
})

test('an event that was taken over is found, or published from here', async () => {
  const { measures, session, clock, lane, pending } = await setUp()
  let recovered = 0
  lane.recover(pending, () => (recovered += 1))
  await clock.runUntil(() => recovered === 1, 50)
  assert.deepEqual(countsOf(measures.recoveredEvents), { published: 1 })
  // The broker has it now.
  lane.recover(pending, () => (recovered += 1))
  await clock.runUntil(() => recovered === 2, 50)
  assert.deepEqual(countsOf(measures.recoveredEvents), { found: 1, published: 1 })
  assert.deepEqual(countsOf(measures.topicLooks), { 'taken-over': 2, 'sent-again': 1 })
  assert.deepEqual(
    session.asked.filter((asked) => asked.startsWith('send')),
    ['send ORD-1'],
  )
  await lane.close()
})
