import type { Clock } from '../../business/ports.ts'

/** Of all requests together: their bodies, from their heads until their answers are taken. */
export const BODY_BYTES_MAX_IN_ALL = 64 * 1024 * 1024

/** One that keeps its body back for so long gives its room to those that come, if there is no other. */
export const KEPT_BACK_MS_MIN = 1_000

/** The room of one body. */
export interface BodyPlace {
  /** As its head says, or the most that it may have, until it is here. None after it was turned away. */
  bytes: number
  readonly sinceMs: number
  readonly turnAway: () => void
}

/**
 * Bounds what bodies take in memory, those that are still coming among them: a client may say how long its
 * body is, and send the rest much later or never. With nothing but a bound, few of those would keep all
 * others out for as long as a request may take; so the one that was waited for longest makes room.
 */
export class BodyRoom {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  /** In their order. */
  readonly #coming = new Set<BodyPlace>()
  #bytes = 0

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock
  }

  /** `turnAway` is called when it has to make room before its body is here. Undefined: there is no room. */
  enter(bytes: number, turnAway: () => void): BodyPlace | undefined {
    const nowMs = this.#clock.monotonicMs()
    if (!this.#hasRoom(bytes)) this.#makeRoom(bytes, nowMs)
    if (!this.#hasRoom(bytes)) return undefined
    const place = { bytes, sinceMs: nowMs, turnAway }
    this.#bytes += bytes
    this.#coming.add(place)
    return place
  }

  /** All of its body is here, and is so large. */
  noteArrived(place: BodyPlace, bytes: number): void {
    this.#coming.delete(place)
    this.#bytes += bytes - place.bytes
    place.bytes = bytes
  }

  /** Its request has left. Once. */
  leave(place: BodyPlace): void {
    this.#coming.delete(place)
    this.#bytes -= place.bytes
  }

  #hasRoom(bytes: number): boolean {
    return this.#bytes + bytes <= BODY_BYTES_MAX_IN_ALL
  }

  #makeRoom(bytes: number, nowMs: number): void {
    for (const place of this.#coming) {
      if (this.#hasRoom(bytes) || nowMs - place.sinceMs < KEPT_BACK_MS_MIN) return
      this.#coming.delete(place)
      this.#bytes -= place.bytes
      place.bytes = 0
      place.turnAway()
    }
  }
}
