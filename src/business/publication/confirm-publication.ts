/**
 * The life of a change. The event is stored as pending, published, and only then made a fact, so
 * nothing that a reader saw is ever taken back.
 *
 *   reserve ──refused──▶ the caller is told why; nothing was written
 *     │
 *   publish ──acked────────────▶ settle ──▶ 201 / 200
 *     │     ──refused, cancelled──▶ discard ──▶ 503 not-applied
 *     │     ──in doubt──▶ 503 unknown; the life goes on with no one waiting:
 *     │                     acked ──▶ settle        refused ──▶ discard
 *
 * - The store fails at reserve, and nothing was written: 503 not-applied. It cannot tell: 503
 *   unknown, and the event is discarded once the store answers again, because it was never sent.
 * - The store fails at settle: the event is on the topic, so settling is tried until it succeeds.
 * - The store fails at discard: 503 unknown, because a process that dies now leaves a pending event
 *   which recovery publishes. Discarding is tried until it succeeds.
 * - Another instance has taken the event over: 503 unknown. It is that one's to settle.
 * - The process dies anywhere: the event is pending or it is not. Pending ones are taken over by the
 *   next start or by another instance, which looks on the topic before it publishes.
 *
 * At most one change of an order is alive at a time; that is what keeps its versions in order.
 */
import assert from 'node:assert/strict'
import type { EventPosition, PendingEvent } from '../../models/order-event.ts'
import type { OrderId } from '../../models/order.ts'
import type { CommandError } from '../errors.ts'
import { StoreError, type Clock, type OrderStore, type ReserveRefusal } from '../ports.ts'
import type { Cancelled, EventPublisher, Refused } from './publisher-port.ts'
import { kafkaRefused, notConfirmed, notTakenInTime, storeTakesNoChanges } from '../refusals.ts'
import { OrderTurns } from './order-turns.ts'
import { LivePublication, type Life, type Publication, type PublicationEnd } from './publication.ts'

/** The lane cancels what it has not sent at the deadline: the answer waits for that, to be definite. */
const ANSWER_GRACE_MS = 100

const STORE_RETRY_MS = 250

/** What the caller of {@link Publications.confirm} gets; 503s are thrown as CommandError. */
export type Confirmation =
  | { readonly kind: 'settled'; readonly position: EventPosition }
  | { readonly kind: 'not-reserved'; readonly refusal: ReserveRefusal }

export interface PublicationsDeps {
  readonly store: Pick<OrderStore, 'reserve' | 'settle' | 'discard'>
  readonly publisher: EventPublisher
  readonly clock: Clock
  /** A change was settled, so long after it was begun. */
  readonly onSettled?: (tookMs: number) => void
  /** For the log: what only our mistake can bring, where nobody waits for an answer. */
  readonly onBug?: (error: unknown) => void
}

export class Publications {
  /** For the requests that change the same order. */
  readonly turns: OrderTurns
  readonly #deps: PublicationsDeps
  readonly #inFlight = new Map<OrderId, Life>()
  #inDoubtCount = 0
  #bytes = 0
  readonly #closing = new AbortController()

  constructor(deps: PublicationsDeps) {
    this.#deps = deps
    this.turns = new OrderTurns(deps.clock)
  }

  /** The change of this order that is alive, if there is one. */
  find(orderId: OrderId): Publication | undefined {
    return this.#inFlight.get(orderId)?.publication
  }

  /** From before they are reserved to their end. */
  get count(): number {
    return this.#inFlight.size
  }

  /** Of the values of those events whose callers wait. */
  get bytes(): number {
    return this.#bytes
  }

  /** When their events were made: ISO 8601, UTC. */
  get times(): readonly string[] {
    return Array.from(this.#inFlight.values(), ({ publication }) => publication.event.time)
  }

  /** Those whose callers do not know what became of them. */
  get inDoubtCount(): number {
    return this.#inDoubtCount
  }

  /**
   * Carries a change out; resolves when it is settled, or when the store refused it. Throws a 503
   * with its true outcome, at the latest shortly after `deadlineMs` of the monotonic clock.
   * The order must have no change alive: look with {@link find} in the same turn.
   */
  confirm(pending: PendingEvent, deadlineMs: number): Promise<Confirmation> {
    const life = this.#begin(pending)
    const beganMs = this.#deps.clock.monotonicMs()
    const answer = Promise.withResolvers<Confirmation>()
    const answerUnknown = (error: unknown): void => {
      this.#putInDoubt(life)
      answer.reject(error)
    }
    const cancelDeadline = this.#deps.clock.schedule(deadlineMs + ANSWER_GRACE_MS - beganMs, () =>
      answerUnknown(notConfirmed()),
    )
    life.publication.onEnd((end) => {
      cancelDeadline()
      if (end === 'abandoned') answerUnknown(notConfirmed())
      if (end === 'settled') this.#deps.onSettled?.(this.#deps.clock.monotonicMs() - beganMs)
    })
    void this.#carryOut(life, pending, deadlineMs, { ...answer, answerUnknown }).then(
      life.end,
      (bug: unknown) => {
        cancelDeadline()
        // Not an expected outcome: the event may be anywhere. It stays in doubt, and its order closed.
        answerUnknown(bug)
      },
    )
    return answer.promise
  }

  /**
   * Takes up an event that this instance has taken over. Settling it goes on for as long as Kafka
   * needs; meanwhile no new change of its order begins.
   */
  recover(pending: PendingEvent): void {
    const { orderId } = pending.event.order
    const alive = this.#inFlight.get(orderId)
    if (alive === undefined) {
      // Its order stays closed to changes; the others, and the process, go on.
      void this.#recover(pending).catch((bug: unknown) => this.#deps.onBug?.(bug))
      return
    }
    // A change that has just begun here; the store refuses it, because this event is pending.
    alive.publication.onEnd((end) => {
      if (end !== 'abandoned') this.recover(pending)
    })
  }

  /**
   * Forgets every change that is alive: another instance has taken them over, and settles them. Who
   * waits is answered "unknown".
   */
  abandon(): void {
    for (const life of this.#inFlight.values()) life.end('abandoned')
  }

  /** Forgets these alone: they are left to another instance. */
  letGo(events: readonly PendingEvent[]): void {
    for (const { event } of events) {
      const life = this.#inFlight.get(event.order.orderId)
      if (life?.publication.event.eventId === event.eventId) life.end('abandoned')
    }
  }

  /** Ends the retries of the store; what is still alive is left to whoever takes over. Idempotent. */
  close(): void {
    this.#closing.abort()
  }

  #begin(pending: PendingEvent): Life {
    const { event, retryKey, encoded } = pending
    const { orderId } = event.order
    assert(!this.#inFlight.has(orderId), 'an order has at most one change alive')
    const publication = new LivePublication(event, retryKey)
    const life: Life = {
      publication,
      valueBytes: encoded.value.byteLength,
      isOver: false,
      end: (how) => {
        if (life.isOver) return
        if (how === 'abandoned') this.#putInDoubt(life)
        life.isOver = true
        this.#inFlight.delete(orderId)
        if (publication.isInDoubt) this.#inDoubtCount -= 1
        else this.#bytes -= life.valueBytes
        publication.end(how)
        this.turns.hearOfEnd(publication, how, life.valueBytes)
      },
    }
    this.#inFlight.set(orderId, life)
    this.#bytes += life.valueBytes
    return life
  }

  #putInDoubt({ publication, valueBytes, isOver }: Life): void {
    if (publication.isInDoubt || isOver) return
    publication.isInDoubt = true
    this.#inDoubtCount += 1
    this.#bytes -= valueBytes
  }

  async #recover(pending: PendingEvent): Promise<void> {
    const life = this.#begin(pending)
    this.#putInDoubt(life)
    const { position } = await this.#deps.publisher.recover(pending)
    life.end(await this.#settle(life, pending, position))
  }

  async #carryOut(
    life: Life,
    pending: PendingEvent,
    deadlineMs: number,
    answer: Answer,
  ): Promise<PublicationEnd> {
    const reserved = await this.#reserve(pending, deadlineMs, answer)
    if (reserved === 'no') return 'discarded'
    if (life.isOver) return 'abandoned'
    if (reserved === 'unknown') return this.#discard(life, pending)

    let outcome = await this.#deps.publisher.publish(pending, deadlineMs)
    if (outcome.kind === 'in-doubt') {
      answer.answerUnknown(notConfirmed())
      outcome = await outcome.resolution
    }
    if (outcome.kind !== 'acked') return this.#takeBack(life, pending, notApplied(outcome), answer)
    const end = await this.#settle(life, pending, outcome.position)
    if (end === 'settled') answer.resolve({ kind: 'settled', position: outcome.position })
    return end
  }

  async #reserve(
    pending: PendingEvent,
    deadlineMs: number,
    answer: Answer,
  ): Promise<'yes' | 'no' | 'unknown'> {
    try {
      const refusal = await this.#deps.store.reserve(pending, deadlineMs)
      if (refusal === 'reserved') return 'yes'
      answer.resolve({ kind: 'not-reserved', refusal })
      return 'no'
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      if (error.isApplied === 'unknown') {
        answer.answerUnknown(storeTakesNoChanges('unknown', error))
        return 'unknown'
      }
      answer.reject(storeTakesNoChanges('not-applied', error))
      return 'no'
    }
  }

  async #settle(
    life: Life,
    pending: PendingEvent,
    position: EventPosition,
  ): Promise<PublicationEnd> {
    const result = await this.#persist(life, () => this.#deps.store.settle(pending, position))
    return result === 'settled' || result === 'settled-before' ? 'settled' : 'abandoned'
  }

  async #discard(life: Life, pending: PendingEvent): Promise<PublicationEnd> {
    const result = await this.#persist(life, () => this.#deps.store.discard(pending))
    return result === 'discarded' || result === 'absent' ? 'discarded' : 'abandoned'
  }

  /** A proven "no" is said after the event is gone from the store: until then a crash would publish it. */
  async #takeBack(
    life: Life,
    pending: PendingEvent,
    proof: CommandError,
    answer: Answer,
  ): Promise<PublicationEnd> {
    try {
      const result = await this.#deps.store.discard(pending)
      if (result === 'not-owned') return 'abandoned'
      answer.reject(proof)
      return 'discarded'
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      answer.answerUnknown(storeTakesNoChanges('unknown', error))
      return this.#discard(life, pending)
    }
  }

  /** Repeats a step that must happen until the store does it; undefined when the life is over first. */
  async #persist<Result>(life: Life, step: () => Promise<Result>): Promise<Result | undefined> {
    while (!this.#closing.signal.aborted && !life.isOver) {
      try {
        return await step()
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
        await this.#deps.clock.sleep(STORE_RETRY_MS, this.#closing.signal)
      }
    }
    return undefined
  }
}

interface Answer {
  readonly resolve: (confirmation: Confirmation) => void
  readonly reject: (error: unknown) => void
  readonly answerUnknown: (error: CommandError) => void
}

function notApplied(outcome: Refused | Cancelled): CommandError {
  return outcome.kind === 'refused' ? kafkaRefused(outcome.reason) : notTakenInTime()
}
