import assert from 'node:assert/strict'
import type { ProducerIdentity } from '../../src/models/order-event.ts'
import type { LaneEntry } from '../../src/service/kafka/lane/entry.ts'
import { sequenceAfter } from '../../src/service/kafka/lane/batch-size.ts'
import type { LookedPage, SendAnswer } from '../../src/service/kafka/lane/session.ts'
import type { BatchNumbers, NextNumbers } from '../../src/service/kafka/lane/state.ts'

interface Sent {
  readonly numbers: BatchNumbers
  readonly events: readonly LaneEntry[]
}

/**
 * Watches what one lane asks of its session, and whether that may follow on what it was told. It knows
 * the invariants of the rules, and not how the rules keep them.
 */
export class LaneWatch {
  readonly #own: number
  /** Producers that a batch was sent of since the numbers were asked for. */
  readonly #sentOf = new Set<number>()
  /** An answer proved nothing, and the broker was not asked since. */
  #mustAsk = false
  /** The events that were sent after a look are acked, and the broker was not asked since. */
  #isUnproven = false
  /** Own requests that may still have their numbers. */
  #attempts: Sent[] = []
  #isSuspicionDue = false
  /** An answer was not a clean ack, and no request that was sent alone had one since. */
  #isSick = false
  /** By event: it is not on the topic below this offset, as the lane knows. */
  readonly #readTo = new Map<string, number>()

  constructor(ownProducerId: number) {
    this.#own = ownProducerId
  }

  /** The lane has reported an unknown sender. */
  noteSuspicion(): void {
    this.#isSuspicionDue = false
  }

  noteSend(
    events: readonly LaneEntry[],
    numbers: BatchNumbers,
    isFirst: boolean,
    isShared: boolean,
  ): void {
    assert.ok(!isShared || (isFirst && !this.#isSick), 'L15: together only while well')
    assert.ok(!this.#isSuspicionDue, 'L9: an unknown sender is reported before anything is sent')
    assert.ok(!this.#mustAsk, 'L4, L8: nothing new is sent before the numbers were asked for')
    if (isFirst) {
      assert.ok(!this.#isUnproven, 'L8: what was sent after a look is looked for once more')
      this.#attempts = []
    } else {
      assert.ok(!this.#sentOf.has(numbers.id), 'L7: between two looks one batch a producer')
      this.#sentOf.add(numbers.id)
    }
    if (numbers.id !== this.#own) return
    this.#attempts = this.#attempts.filter(
      (it) => it.numbers.firstSequence === numbers.firstSequence,
    )
    this.#attempts.push({ numbers, events })
  }

  noteAnswer(answer: SendAnswer, { events }: Sent, isFirst: boolean): void {
    this.#isSick = answer.kind !== 'acked' || answer.isRepeat || !isFirst
    if (answer.kind === 'acked') {
      if (isFirst && !answer.isRepeat) this.#attempts = []
      else if (isFirst) this.#mustAsk = true
      else this.#isUnproven = true
      this.#lowerReadTo(events, answer.baseOffset)
    } else if (answer.verdict === 'unknown') {
      this.#mustAsk = true
    } else if (isFirst) {
      this.#attempts = []
    } else {
      const isParked = answer.verdict === 'event-refused' && events.length === 1
      this.#mustAsk = !isParked
      // What is refused otherwise stays in doubt: an earlier request with it is the lane's own.
      if (!isParked) return
      this.#attempts = this.#attempts.filter((it) => !it.events.some((one) => events.includes(one)))
    }
  }

  noteAsk(producers: readonly ProducerIdentity[]): void {
    if (!producers.some(({ id }) => id === this.#own)) this.#attempts = []
  }

  /** The numbers fit this lane alone where none or all of one of its own requests were taken. */
  noteNumbers(next: readonly NextNumbers[]): void {
    this.#mustAsk = false
    this.#isUnproven = false
    this.#sentOf.clear()
    const own = next.find(({ id }) => id === this.#own)
    this.#isSuspicionDue =
      own?.isKnown === true &&
      this.#attempts.length > 0 &&
      this.#attempts.every(({ numbers: { firstSequence }, events }) => {
        const after = sequenceAfter(firstSequence, events.length)
        return own.firstSequence !== firstSequence && own.firstSequence !== after
      })
  }

  noteLook(events: readonly LaneEntry[], fromOffset: number): void {
    const readTo = events.map(({ pending }) => this.#readTo.get(pending.event.eventId) ?? 0)
    assert.ok(fromOffset >= Math.min(...readTo), 'L11: reading continues where it stopped')
  }

  notePage(events: readonly LaneEntry[], { offsets, nextOffset }: LookedPage): void {
    if (offsets.size === events.length) this.#attempts = []
    for (const { pending } of events) this.#readTo.set(pending.event.eventId, nextOffset)
  }

  #lowerReadTo(events: readonly LaneEntry[], offset: number): void {
    for (const [eventId, readTo] of this.#readTo) {
      if (readTo > offset) this.#readTo.set(eventId, offset)
    }
    for (const { pending } of events) this.#readTo.delete(pending.event.eventId)
  }
}
