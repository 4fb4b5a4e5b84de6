import type { PendingEvent } from '../../src/models/order-event.ts'
import { sequenceAfter } from '../../src/service/kafka/lane/batch-size.ts'
import type { BatchNumbers } from '../../src/service/kafka/lane/state.ts'

/** A broker recognises a repeat among so many of a producer's latest batches. */
const REMEMBERED_BATCHES = 5

/** The batch that one Produce request put on the log. */
export interface Batch {
  readonly baseOffset: number
  readonly numbers: BatchNumbers
  readonly events: readonly PendingEvent[]
  /** The lane's session that it left. */
  readonly sender: object
}

export type Appended =
  | { readonly kind: 'appended' | 'repeat'; readonly batch: Batch }
  | { readonly kind: 'contested'; readonly reason: string }

/** Waits until everything below `end` is replicated, or is told that it never will be here. */
interface Waiter {
  readonly end: number
  readonly hear: (isReplicated: boolean) => void
}

interface ProducerState {
  readonly epoch: number
  readonly latest: Batch[]
}

/**
 * The log of one partition as one leader has it, and what that leader knows of producers by it. The
 * rules are those of Kafka's ProducerStateManager and ProducerAppendInfo.
 */
export class ModelReplica {
  /** Grows with each election. */
  readonly epoch: number
  readonly batches: Batch[]
  highWatermark: number
  /** It takes itself for the leader. */
  isLeading = true
  /** Sessions that are connected to it hear of its end. */
  readonly connections = new Set<() => void>()
  readonly #producers = new Map<number, ProducerState>()
  #waiters: Waiter[] = []

  /** The state of producers is what the log says. */
  constructor(epoch: number, batches: Batch[], highWatermark: number) {
    this.epoch = epoch
    this.batches = batches
    this.highWatermark = highWatermark
    for (const batch of batches) this.#remember(batch)
  }

  get end(): number {
    const last = this.batches.at(-1)
    return last === undefined ? 0 : endOf(last)
  }

  append(numbers: BatchNumbers, events: readonly PendingEvent[], sender: object): Appended {
    const producer = this.#producers.get(numbers.id)
    if (producer !== undefined) {
      const { epoch, latest } = producer
      const repeated = latest.find(
        (batch) =>
          epoch === numbers.epoch &&
          batch.numbers.firstSequence === numbers.firstSequence &&
          batch.events.length === events.length,
      )
      if (repeated !== undefined) return { kind: 'repeat', batch: repeated }
      if (numbers.epoch < epoch) return { kind: 'contested', reason: 'INVALID_PRODUCER_EPOCH' }
      const next = numbers.epoch === epoch ? this.nextSequence(numbers.id) : 0
      if (numbers.firstSequence !== next) {
        return { kind: 'contested', reason: 'OUT_OF_ORDER_SEQUENCE_NUMBER' }
      }
    }
    const batch = { baseOffset: this.end, numbers, events, sender }
    this.batches.push(batch)
    this.#remember(batch)
    return { kind: 'appended', batch }
  }

  /** Undefined: it does not know the producer, and takes any number. */
  nextSequence(producerId: number): number | undefined {
    const last = this.#producers.get(producerId)?.latest.at(-1)
    if (last === undefined) return undefined
    return sequenceAfter(last.numbers.firstSequence, last.events.length)
  }

  epochOf(producerId: number): number | undefined {
    return this.#producers.get(producerId)?.epoch
  }

  get producerIds(): readonly number[] {
    return [...this.#producers.keys()]
  }

  /** As after `producer.id.expiration.ms`. */
  forget(producerId: number): void {
    this.#producers.delete(producerId)
  }

  /** Whole batches from the one on that holds the offset, as far as they are replicated. */
  read(fromOffset: number, batchesMax: number): readonly Batch[] {
    const first = this.batches.findIndex((batch) => endOf(batch) > fromOffset)
    if (first < 0) return []
    return this.batches
      .slice(first, first + batchesMax)
      .filter((batch) => endOf(batch) <= this.highWatermark)
  }

  whenReplicated(end: number, hear: Waiter['hear']): void {
    if (end <= this.highWatermark) hear(true)
    else this.#waiters.push({ end, hear })
  }

  replicate(upTo: number): void {
    this.highWatermark = upTo
    const through = this.#waiters.filter(({ end }) => end <= upTo)
    if (through.length === 0) return
    this.#waiters = this.#waiters.filter(({ end }) => end > upTo)
    for (const { hear } of through) hear(true)
  }

  /** It knows that it leads no more: who waits does so in vain. */
  resign(): void {
    this.isLeading = false
    for (const { hear } of this.#waiters.splice(0)) hear(false)
    for (const hearOfEnd of this.connections) hearOfEnd()
    this.connections.clear()
  }

  #remember(batch: Batch): void {
    const { id, epoch } = batch.numbers
    const known = this.#producers.get(id)
    if (known === undefined || known.epoch !== epoch) {
      this.#producers.set(id, { epoch, latest: [batch] })
      return
    }
    known.latest.push(batch)
    if (known.latest.length > REMEMBERED_BATCHES) known.latest.shift()
  }
}

export function endOf({ baseOffset, events }: Batch): number {
  return baseOffset + events.length
}
