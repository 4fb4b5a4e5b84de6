import { Buffer } from 'node:buffer'
import type { PlacedEvent } from '../../business/stream/settled-feed.ts'
import type { OrderId, OrderStatus } from '../../models/order.ts'
import { eventFrame } from './event-frame.ts'

export interface StreamFilter {
  readonly orderId?: OrderId
  readonly status?: OrderStatus
}

/**
 * What a reader is given at once. Its socket may not take it, and each reader may be at another place: so
 * a thousand of them hold no more than a part of the memory of a small process.
 */
export const PORTION_BYTES_MAX = 256 * 1024

/** The first of some events; one event may be larger than a portion, and is one by itself. */
export interface Portion {
  readonly bytes: Buffer
  /** How many events it ends behind, those among them that the filter does not want. */
  readonly count: number
}

/** Encodes each event once, whoever it goes to; what all readers get next is put together once, too. */
export class FrameCache {
  readonly #frames = new WeakMap<PlacedEvent, Buffer>()
  #last: { readonly events: readonly PlacedEvent[]; readonly portion: Portion } | undefined

  /** The frames of those events that the filter wants; empty when it wants none. */
  encode(events: readonly PlacedEvent[], filter: StreamFilter): Portion {
    if (filter.orderId !== undefined || filter.status !== undefined) {
      return this.#cutPortion(events, filter)
    }
    const last = this.#last
    // They are cut from one list: the same ends, the same events between them.
    if (last !== undefined && haveSameEnds(last.events, events)) return last.portion
    const portion = this.#cutPortion(events, filter)
    this.#last = { events, portion }
    return portion
  }

  #cutPortion(events: readonly PlacedEvent[], filter: StreamFilter): Portion {
    const frames: Buffer[] = []
    let length = 0
    let count = 0
    for (const event of events) {
      if (isWanted(event, filter)) {
        const frame = this.#frameOf(event)
        if (length > 0 && length + frame.length > PORTION_BYTES_MAX) break
        frames.push(frame)
        length += frame.length
      }
      count += 1
    }
    return { bytes: Buffer.concat(frames, length), count }
  }

  #frameOf(event: PlacedEvent): Buffer {
    const known = this.#frames.get(event)
    if (known !== undefined) return known
    const frame = eventFrame(event)
    this.#frames.set(event, frame)
    return frame
  }
}

function isWanted({ order }: PlacedEvent, { orderId, status }: StreamFilter): boolean {
  return (
    (orderId === undefined || order.orderId === orderId) &&
    (status === undefined || order.status === status)
  )
}

function haveSameEnds(one: readonly PlacedEvent[], other: readonly PlacedEvent[]): boolean {
  return one[0] === other[0] && one.at(-1) === other.at(-1)
}
