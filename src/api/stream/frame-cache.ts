import { Buffer } from 'node:buffer'
import type { PlacedEvent } from '../../business/stream/settled-feed.ts'
import type { OrderId, OrderStatus } from '../../models/order.ts'
import { eventFrame } from './event-frame.ts'

export interface StreamFilter {
  readonly orderId?: OrderId
  readonly status?: OrderStatus
}

/** Encodes each event once, whoever it goes to; what all readers get next is put together once, too. */
export class FrameCache {
  readonly #frames = new WeakMap<PlacedEvent, Buffer>()
  #last: { readonly events: readonly PlacedEvent[]; readonly bytes: Buffer } | undefined

  /** The frames of those events that the filter wants; empty when it wants none. */
  encode(events: readonly PlacedEvent[], { orderId, status }: StreamFilter): Buffer {
    if (orderId === undefined && status === undefined) return this.#encodeAll(events)
    const wanted = events.filter(
      ({ order }) =>
        (orderId === undefined || order.orderId === orderId) &&
        (status === undefined || order.status === status),
    )
    return Buffer.concat(wanted.map((event) => this.#frameOf(event)))
  }

  #encodeAll(events: readonly PlacedEvent[]): Buffer {
    const last = this.#last
    // They are cut from one list: the same ends, the same events between them.
    if (last !== undefined && haveSameEnds(last.events, events)) return last.bytes
    const bytes = Buffer.concat(events.map((event) => this.#frameOf(event)))
    this.#last = { events, bytes }
    return bytes
  }

  #frameOf(event: PlacedEvent): Buffer {
    const known = this.#frames.get(event)
    if (known !== undefined) return known
    const frame = eventFrame(event)
    this.#frames.set(event, frame)
    return frame
  }
}

function haveSameEnds(one: readonly PlacedEvent[], other: readonly PlacedEvent[]): boolean {
  return one[0] === other[0] && one.at(-1) === other.at(-1)
}
