import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import type {
  Acked,
  EventPublisher,
  OrderStore,
  PublishOutcome,
  Refused,
} from '../../src/business/ports.ts'
import type { OrderEvent, PendingEvent } from '../../src/models/order-event.ts'
import type { CrashPoint } from './crash-point.ts'

/** What the broker, the network and time do to one event. */
export const PUBLISH_FATES = [
  'acked',
  'refused',
  'cancelled',
  /** It is on the topic; the ack comes after the deadline. */
  'acked-late',
  /** It reaches the topic after the deadline, and is acked then. */
  'appended-late',
  'refused-late',
  /** It is on the topic; this process never hears of it. */
  'ack-lost',
  /** It left and reached nobody; this process never hears of it. */
  'request-lost',
] as const

export type PublishFate = (typeof PUBLISH_FATES)[number]

export class ModelTopic {
  readonly records: Array<{ readonly event: OrderEvent }> = []

  append({ event }: PendingEvent): Acked {
    const offset = this.records.push({ event }) - 1
    return ackAt(offset)
  }

  find({ event }: PendingEvent): Acked | undefined {
    const offset = this.records.findIndex((record) => record.event.eventId === event.eventId)
    return offset < 0 ? undefined : ackAt(offset)
  }
}

function ackAt(offset: number): Acked {
  return { kind: 'acked', position: { partition: 0, offset } }
}

const refused: Refused = { kind: 'refused', reason: 'the model refuses it' }

/** Keeps the promises of the publisher port towards a model topic; `fates` are taken in turn. */
export function modelPublisher(
  topic: ModelTopic,
  fates: readonly PublishFate[],
  crash: CrashPoint,
): EventPublisher {
  let published = 0
  return {
    admit: () => ({ topic: 'orders', partition: 0, searchFromOffset: topic.records.length }),
    publish: (pending) =>
      crash.guard(() => {
        const fate = fates[published % fates.length]
        published += 1
        assert.ok(fate !== undefined)
        return meetFate(topic, pending, fate, crash)
      }),
    recover: (pending) =>
      crash.guard(() => Promise.resolve(topic.find(pending) ?? topic.append(pending))),
    abandon: () => Promise.resolve(),
  }
}

async function meetFate(
  topic: ModelTopic,
  pending: PendingEvent,
  fate: PublishFate,
  crash: CrashPoint,
): Promise<PublishOutcome> {
  const later = <Value>(work: () => Value): Promise<Value> =>
    crash.guard(async () => {
      await setImmediate()
      return crash.isDead ? new Promise<never>(() => {}) : work()
    })
  switch (fate) {
    case 'acked':
      return topic.append(pending)
    case 'refused':
      return refused
    case 'cancelled':
      return { kind: 'cancelled' }
    case 'acked-late': {
      const acked = topic.append(pending)
      return { kind: 'in-doubt', resolution: later(() => acked) }
    }
    case 'appended-late':
      return { kind: 'in-doubt', resolution: later(() => topic.append(pending)) }
    case 'refused-late':
      return { kind: 'in-doubt', resolution: later(() => refused) }
    case 'ack-lost':
      topic.append(pending)
      return { kind: 'in-doubt', resolution: new Promise(() => {}) }
    case 'request-lost':
      return { kind: 'in-doubt', resolution: new Promise(() => {}) }
  }
}

/** The store as a process sees it that dies at the crash point; tells what it was told is settled. */
export function mortalStore(
  store: OrderStore,
  crash: CrashPoint,
  onSettled: (event: OrderEvent) => void,
): OrderStore {
  return {
    instanceId: store.instanceId,
    findOrder: (orderId) => crash.guard(() => store.findOrder(orderId)),
    reserve: (pending) => crash.guard(() => store.reserve(pending)),
    async settle(pending, position) {
      const result = await crash.guard(() => store.settle(pending, position))
      onSettled(pending.event)
      return result
    },
    discard: (pending) => crash.guard(() => store.discard(pending)),
    renewLease: () => crash.guard(() => store.renewLease()),
    takeOverPending: (limit) => crash.guard(() => store.takeOverPending(limit)),
    join: () => crash.guard(() => store.join()),
    listPending: (limit) => crash.guard(() => store.listPending(limit)),
    probe: () => crash.guard(() => store.probe()),
    close: () => Promise.resolve(),
  }
}
