import type { ProducerIdentity } from '../../../../../src/models/order-event.ts'
import type { LaneEntry } from '../../../../../src/service/kafka/lane/entry.ts'
import type {
  LaneSession,
  LookedPage,
  SendAnswer,
} from '../../../../../src/service/kafka/lane/session.ts'
import type { NextNumbers } from '../../../../../src/service/kafka/lane/state.ts'

export const PRODUCER = { id: 7, epoch: 0 }
export const UNKNOWN = { kind: 'failed', verdict: 'unknown', reason: 'no answer' } as const
export const REFUSED = { kind: 'failed', verdict: 'partition-refused', reason: 'NO_DISK' } as const
export const TOO_LARGE = { kind: 'failed', verdict: 'event-refused', reason: 'TOO_LARGE' } as const

/** A broker that answers what it is told to, and otherwise takes everything. */
export class FakeSession implements LaneSession {
  readonly asked: string[] = []
  readonly sends: Array<SendAnswer | Promise<SendAnswer>> = []
  isAway = false
  isSilentAboutProducers = false
  batchBytesMax = Infinity
  readonly #log: string[] = []

  async open() {
    if (this.isAway) throw new Error('ECONNREFUSED')
    return { producer: PRODUCER, highWatermark: 0 }
  }

  async send(entries: readonly LaneEntry[]): Promise<SendAnswer> {
    this.asked.push(`send ${namesOf(entries)}`)
    const answer = await this.sends.shift()
    if (answer !== undefined && answer.kind !== 'acked') return answer
    if (entries.reduce((sum, { bytes }) => sum + bytes, 0) > this.batchBytesMax) return TOO_LARGE
    const baseOffset = this.#log.length
    this.#log.push(...entries.map(({ pending }) => pending.event.eventId))
    return answer ?? { kind: 'acked', baseOffset, isRepeat: false }
  }

  async ask(producers: readonly ProducerIdentity[]): Promise<readonly NextNumbers[]> {
    this.asked.push('ask')
    if (this.isSilentAboutProducers) throw new Error('DescribeProducers is not answered')
    return producers.map((producer) => ({ ...producer, firstSequence: 0, isKnown: true }))
  }

  async look(entries: readonly LaneEntry[], fromOffset: number): Promise<LookedPage> {
    this.asked.push(`look ${namesOf(entries)} from ${fromOffset}`)
    const ids = entries.map(({ pending }) => pending.event.eventId)
    const found = ids.filter((eventId) => this.#log.includes(eventId))
    const offsets = new Map(found.map((eventId) => [eventId, this.#log.indexOf(eventId)]))
    return { offsets, nextOffset: this.#log.length, untilOffset: this.#log.length }
  }

  abandonLeader(): void {}

  close(): void {}
}

export function namesOf(entries: readonly LaneEntry[]): string {
  return entries.map(({ pending }) => pending.event.order.orderId).join('+')
}
