import assert from 'node:assert/strict'
import type { OrderEvent, PendingEvent, ProducerIdentity } from '../../src/models/order-event.ts'

/** A Produce request on its way: it left its sender, and the broker has not worked on it yet. */
export interface ProduceRequest {
  readonly pending: PendingEvent
  readonly producer: ProducerIdentity | undefined
  /** The lane that it left: under its own producer it counts by itself, all others ask. */
  readonly lane: object
  /** Its numbers were asked for, so that others may have got the same. */
  readonly isContested: boolean
  /** Whether its sender may still send: lives, and holds its lease by the database's clock. */
  readonly isSenderInCharge: () => boolean
}

/** One partition, and what is on its way there. */
export class ModelTopic {
  readonly records: OrderEvent[] = []
  readonly underWay = new Set<ProduceRequest>()
  /** What was refused because another sender had been first with it. */
  contestedCount = 0
  /** What arrived after its sender had given it up. */
  lateCount = 0
  /** What was answered with the ack of another event. */
  mistakenCount = 0
  /** By offset, what brought the record. */
  readonly #requests: ProduceRequest[] = []
  #producerCount = 0

  nextProducer(): ProducerIdentity {
    this.#producerCount += 1
    return { id: this.#producerCount, epoch: 0 }
  }

  /**
   * Returns the offset; undefined: it is not taken, because the event stands there. Who sends it for
   * the second time has asked for the numbers before it looked, or has sent with them before: either
   * way they are used up. It holds for one producer only.
   */
  append(request: ProduceRequest): number | undefined {
    this.underWay.delete(request)
    const { pending, producer, lane } = request
    const { event } = pending
    assert.deepEqual(producer, pending.producer, `${event.eventId} is sent as it was stored`)
    const first = this.#requests.find(({ pending: { event: it } }) => it.eventId === event.eventId)
    if (first === undefined) {
      this.#requests.push(request)
      return this.records.push(event) - 1
    }
    assert.deepEqual(producer, first.producer, `${event.eventId} is published again`)
    if (lane !== first.lane) this.contestedCount += 1
    return undefined
  }

  /**
   * Does not take it, and returns the offset of another event that may have used its numbers up, as the
   * broker does where two batches have the same. Undefined: there is none.
   */
  mistake(request: ProduceRequest): number | undefined {
    this.underWay.delete(request)
    const { pending, producer, lane, isContested } = request
    // Of the numbers that a lane counts by itself it gives none twice.
    const offset = this.#requests.findLastIndex(
      (other) =>
        other.pending.event.eventId !== pending.event.eventId &&
        other.producer?.id === producer?.id &&
        (isContested || other.lane !== lane),
    )
    if (offset < 0) return undefined
    this.mistakenCount += 1
    return offset
  }

  /** Looks for an event from an offset on; undefined: it is not there. */
  find({ event, searchFromOffset }: PendingEvent, lane: object): number | undefined {
    const isIt = ({ eventId }: OrderEvent): boolean => eventId === event.eventId
    const offset = this.records.findIndex(
      (record, index) => index >= searchFromOffset && isIt(record),
    )
    if (offset >= 0) return offset
    assert.ok(!this.records.some(isIt), `${event.eventId} stands before where it is looked for`)
    for (const request of this.underWay) {
      if (!isIt(request.pending.event) || request.lane === lane) continue
      assert.ok(!request.isSenderInCharge(), `${event.eventId} is taken from one who may send it`)
    }
    return undefined
  }
}
