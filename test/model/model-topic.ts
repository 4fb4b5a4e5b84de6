import assert from 'node:assert/strict'
import type { OrderEvent, PendingEvent, ProducerIdentity } from '../../src/models/order-event.ts'

/** A Produce request on its way: it left its sender, and the broker has not worked on it yet. */
export interface ProduceRequest {
  readonly event: OrderEvent
  readonly producer: ProducerIdentity
  /** The sender that the event was admitted by, at the epoch of whoever owns it. */
  readonly admittedBy: ProducerIdentity | undefined
  /** Whether its sender may still send: lives, and holds its lease by the database's clock. */
  readonly isSenderInCharge: () => boolean
}

/** One partition, and what is on its way there. */
export class ModelTopic {
  readonly records: OrderEvent[] = []
  readonly underWay = new Set<ProduceRequest>()
  /** Who sent each record. */
  readonly #producers: ProducerIdentity[] = []
  /** By producer id, the highest epoch that was seen. */
  readonly #epochs = new Map<number, number>()
  /** Events of which a copy was under way, sent by one who is gone, when its successor looked. */
  readonly #mayRepeat = new Set<string>()
  #producerCount = 0

  get repeatCount(): number {
    return this.records.length - new Set(this.records.map(({ eventId }) => eventId)).size
  }

  nextProducer(): ProducerIdentity {
    this.#producerCount += 1
    return { id: this.#producerCount, epoch: 0 }
  }

  /** Returns the offset; undefined: its epoch is below one that was seen, so it is not taken. */
  append(request: ProduceRequest): number | undefined {
    this.underWay.delete(request)
    const { event, producer } = request
    if (producer.epoch < (this.#epochs.get(producer.id) ?? 0)) return undefined
    const first = this.records.findIndex(({ eventId }) => eventId === event.eventId)
    if (first >= 0) this.#assertMayRepeat(request, this.#producers[first])
    this.#epochs.set(producer.id, producer.epoch)
    this.#producers.push(producer)
    return this.records.push(event) - 1
  }

  /** What is sent as the producer that it was admitted by is fenced by what its successor sends. */
  #assertMayRepeat(request: ProduceRequest, first: ProducerIdentity | undefined): void {
    const { event, producer, admittedBy } = request
    assert.ok(this.#mayRepeat.has(event.eventId), `${event.eventId} is published again`)
    if (producer.id !== admittedBy?.id) return
    const fencedBelow = producer.id === first?.id ? first.epoch : 0
    const isSuccessor = producer.epoch > fencedBelow
    assert.ok(isSuccessor, `${event.eventId} gets through behind its successor's copy`)
  }

  /** Looks for an event from an offset on; undefined: it is not there. */
  find({ event, searchFromOffset }: PendingEvent): number | undefined {
    const isIt = ({ eventId }: OrderEvent): boolean => eventId === event.eventId
    const offset = this.records.findIndex(
      (record, index) => index >= searchFromOffset && isIt(record),
    )
    if (offset >= 0) return offset
    assert.ok(!this.records.some(isIt), `${event.eventId} stands before where it is looked for`)
    for (const request of this.underWay) {
      if (!isIt(request.event)) continue
      assert.ok(!request.isSenderInCharge(), `${event.eventId} is taken from one who may send it`)
      this.#mayRepeat.add(event.eventId)
    }
    return undefined
  }
}
