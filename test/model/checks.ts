import assert from 'node:assert/strict'
import { CommandError } from '../../src/business/errors.ts'
import type { OrderEvent, PendingEvent } from '../../src/models/order-event.ts'
import type { OrderId } from '../../src/models/order.ts'
import { PARTITION_COUNT, type ModelPartition } from './model-broker.ts'
import type { Exchange, World } from './world.ts'

/** What must hold when every instance lives again and everything under way has come to its end. */
export function assertSound(world: World): void {
  const { database, broker, exchanges, processes } = world
  assert.deepEqual([...database.pending.keys()], [], 'nothing is left pending')
  for (const { name, eventCount, openSessionCount } of processes) {
    assert.equal(eventCount, 0, `no lane of ${name} holds an event`)
    assert.equal(openSessionCount, PARTITION_COUNT, `each lane of ${name} has one session`)
  }
  const logs = broker.partitions.map((partition) => eventsOf(partition))
  const records = logs.flat()
  const latest = foldTopic(records, world.isLeaseBroken && broker.isStamping)
  const orderIds = [...database.orders.keys()].toSorted()
  assert.deepEqual(orderIds, [...latest.keys()].toSorted(), 'the store has what the topic has')
  for (const [orderId, { order, version }] of latest) {
    const stored = database.orders.get(orderId)
    assert.equal(stored?.version, version, `the store has ${orderId} as the topic has it`)
    assert.equal(stored?.order, order, `the store has ${orderId} as the topic has it`)
  }
  for (const { pending, position } of database.settled.values()) {
    const at = logs[position?.partition ?? -1]?.[position?.offset ?? -1]
    assert.equal(at, pending.event, `${pending.event.eventId} is settled where it stands`)
  }
  assertKeysUsedOnce([...database.settled.values()].map(({ pending }) => pending))
  for (const exchange of exchanges) assertTrue(exchange, records)
}

/** By offset: a model's log has no holes. */
function eventsOf(partition: ModelPartition): OrderEvent[] {
  assert.equal(partition.committedEnd, partition.leader.end, 'everything is replicated')
  return partition.committed().flatMap(({ events }) => events.map(({ event }) => event))
}

function assertKeysUsedOnce(settled: readonly PendingEvent[]): void {
  const keys = settled.flatMap(({ retryKey }) => retryKey?.idempotencyKey ?? [])
  assert.equal(new Set(keys).size, keys.length, `a key is used once: ${keys.join()}`)
}

/**
 * The last event of each order, all of which are in one partition. They are 1, 2, 3…, each of them once.
 * `mayRepeat`: an instance that lives was taken over from, and cannot see that what was acknowledged is
 * its successor's: one of the limits in docs/architecture.md.
 */
function foldTopic(records: readonly OrderEvent[], mayRepeat: boolean): Map<OrderId, OrderEvent> {
  const latest = new Map<OrderId, OrderEvent>()
  for (const event of records) {
    const { orderId } = event.order
    if (mayRepeat && latest.get(orderId) === event) continue
    const version = (latest.get(orderId)?.version ?? 0) + 1
    assert.equal(event.version, version, `versions of ${orderId} stand without a gap or a repeat`)
    latest.set(orderId, event)
  }
  return latest
}

/** What a "no" says has to be true for ever; "unknown" and no answer at all say nothing. */
function assertTrue(
  { reply, traceparent, repeats }: Exchange,
  records: readonly OrderEvent[],
): void {
  if (!(reply instanceof CommandError) || reply.outcome === 'unknown') return
  assert.ok(
    !records.some((event) => event.traceparent === traceparent),
    `${traceparent} was answered ${reply.code}, and is on the topic`,
  )
  // This one says itself that something may come of the earlier request.
  if (reply.code === 'REQUEST_IN_FLIGHT') return
  assert.ok(
    repeats === undefined || !records.includes(repeats),
    `${traceparent} was answered ${reply.code}, and what it repeats is on the topic`,
  )
}
