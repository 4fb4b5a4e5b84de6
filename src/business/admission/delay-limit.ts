/**
 * How many changes may be under way, by what they take.
 *
 * Group commit and batches make the service faster the more is under way, up to a point; beyond it
 * more only wait longer. That point is not known beforehand: it is another one on another machine, and
 * with another database. So the delay is measured. The least delay of an interval shows a queue that
 * stays, where the mean would show a burst or a pause of Kafka (the signal of CoDel, RFC 8289). When it
 * is over the bound, what may be under way is the rate of that interval times the wanted delay, by
 * Little's law; when it is not, and the limit was reached, the limit grows.
 */

/** Long enough for several commits, short against what a caller waits. */
const INTERVAL_MS = 250

/**
 * What changes may wait beside the delay that they have anyway. With others under way each of a change's two
 * commits waits for the one before, so this is also about twice the slowest commit that is no queue yet.
 */
const QUEUED_MS_MAX = 50

/** Less would make batches small: the service would be slower, and the limit lower still. */
const LIMIT_MIN = 256

/** Before the first overload: room for a burst. */
const LIMIT_START = 1_024

const GROWTH = 5 / 4

/** A longer interval says nothing of how fast the service can be: it rested. */
const INTERVAL_MS_MAX = 4 * INTERVAL_MS

export class DelayLimit {
  #limit = LIMIT_START
  /**
   * What a change takes by itself: more on a slow disk, or where the brokers are far away. That is the
   * least that one took; it may become more while the service lives, as when the database moves away.
   */
  #ownMs = Infinity
  #sinceMs = 0
  #count = 0
  #leastMs = Infinity
  #isReached = false

  get value(): number {
    return this.#limit
  }

  /** A change was turned away, because so many are under way. */
  noteReached(): void {
    this.#isReached = true
  }

  /** A change was settled now, at `nowMs` of the monotonic clock, and took so long. */
  noteSettled(nowMs: number, tookMs: number): void {
    this.#count += 1
    this.#leastMs = Math.min(this.#leastMs, tookMs)
    const lastedMs = nowMs - this.#sinceMs
    if (lastedMs < INTERVAL_MS) return
    this.#ownMs = Math.min(this.#ownMs, this.#leastMs)
    if (lastedMs <= INTERVAL_MS_MAX) this.#adapt(this.#count / lastedMs)
    this.#sinceMs = nowMs
    this.#count = 0
    this.#leastMs = Infinity
    this.#isReached = false
  }

  #adapt(perMs: number): void {
    const wantedMs = this.#ownMs + QUEUED_MS_MAX
    if (this.#leastMs <= wantedMs) {
      if (this.#isReached) this.#limit = Math.ceil(this.#limit * GROWTH)
      return
    }
    // As little as ever is under way: where it takes so long all the same, it cannot be had quicker.
    if (this.#limit === LIMIT_MIN) this.#ownMs = this.#leastMs
    this.#limit = Math.max(LIMIT_MIN, Math.min(this.#limit, Math.ceil(perMs * wantedMs)))
  }
}
