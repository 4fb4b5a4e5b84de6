import type { Order } from '../../models/order.ts'
import type { SettledEvent } from '../ports.ts'

/**
 * Where a settled event stands among all of them: first by `settling`, then by `arrival`, both safe
 * integers. It never moves.
 */
export interface EventPlace {
  /** Numbers what settled it. */
  readonly settling: number
  /** Numbers the events as they were reserved. */
  readonly arrival: number
}

/** Before every event. */
export const FIRST_PLACE: EventPlace = { settling: 0, arrival: 0 }

/** A settled event with its place, and the order as it was after it. */
export interface PlacedEvent extends SettledEvent {
  readonly place: EventPlace
  readonly order: Order
  /** When it became a fact, by the store's clock: ISO 8601, UTC, with `Z`. */
  readonly settledAt: string
}

/**
 * All settled events of the store, of all instances, in one order in which those of one order stand by
 * their versions. Rejects with StoreError.
 */
export interface SettledFeed {
  /** Of the last event that {@link listSettled} would return; {@link FIRST_PLACE} while there is none. */
  findLastPlace(): Promise<EventPlace>

  /**
   * The events after a place, at most `limit`. Behind what it has returned once nothing is added any
   * more: who goes on after the last of them misses none and gets none twice. So an event may show a
   * little after it was settled.
   */
  listSettled(after: EventPlace, limit: number): Promise<readonly PlacedEvent[]>

  /**
   * Behind all events that were taken out with their orders: whoever goes on from before it may miss
   * some. {@link FIRST_PLACE} while there are none.
   */
  findRetiredPlace(): Promise<EventPlace>
}

export function isAfter(one: EventPlace, other: EventPlace): boolean {
  if (one.settling !== other.settling) return one.settling > other.settling
  return one.arrival > other.arrival
}
