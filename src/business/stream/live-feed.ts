import { ignoreStoreError, type Clock } from '../ports.ts'
import { readStore } from '../read-store.ts'
import { findRecentPlace, type RecentPlace } from './find-recent-place.ts'
import { OldEvents, type ReadPage, type WantedPage } from './old-events.ts'
import { RecentEvents } from './recent-events.ts'
import { SharedQuestion } from './shared-question.ts'
import {
  FIRST_PLACE,
  isAfter,
  type EventPlace,
  type PlacedEvent,
  type SettledFeed,
} from './settled-feed.ts'

/** After a look at the store, so that what is settled meanwhile is read and sent together. */
const GATHER_MS = 50

/** For events of other instances; a settlement of this one wakes it at once. */
const LOOK_EVERY_MS = 200

/** Bounds one statement of the store, and what a reader is given at once. */
const PAGE_EVENTS_MAX = 250

/** Of the last events that a reader may begin with. */
const RECENT_EVENTS_MAX = 200

/** Of the events of one page, were all of them as large as they can be. */
const PAGE_BYTES_MAX = 32 * 1024 * 1024

/** Where a reader begins. */
export type FeedStart = EventPlace | 'beginning' | 'recent' | 'now'

/** `retired`: events after its place are gone; nothing is missing behind `until`. */
export type FoundStart =
  | { readonly kind: 'found'; readonly start: ReaderStart }
  | { readonly kind: 'retired'; readonly until: EventPlace }
  /** No event is there yet: the place is not of this store. */
  | { readonly kind: 'not-ours' }

export interface ReaderStart {
  readonly place: EventPlace
  /** What was taken out up to here was gone before the reader began, which asked for what is kept. */
  readonly keptFrom: EventPlace
  /** Of the last event that was there, for a reader that began with the last ones. */
  readonly recentUntil?: EventPlace
}

export interface FeedFollower {
  /** There are new events to read. */
  onEvents(): void
  /** The feed is closed. */
  onEnd(): void
}

export interface LiveFeedDeps {
  readonly feed: SettledFeed
  readonly clock: Clock
  readonly publishTimeoutMs: number
  /** What the largest event of the store counts in memory, as far as is known (event-size.ts). */
  readonly eventBytesMax: () => number
}

/** One time of following, from the first look at the store to the last. */
interface Run {
  readonly stopping: AbortController
  readonly follower: FeedFollower
  /** Undefined until the store has said where it begins. */
  recent: RecentEvents | undefined
}

/**
 * The feed of settled events for the readers of this process: while somebody follows, it looks for new
 * ones and keeps them in memory, once for all readers. Each reader keeps its own place, so whatever is
 * dropped, late or repeated here loses and repeats nothing there.
 */
export class LiveFeed {
  readonly #deps: LiveFeedDeps
  #run: Run | undefined
  #isWoken = false
  #waking = new AbortController()
  readonly #oldEvents: OldEvents
  readonly #lastPlace: SharedQuestion<EventPlace>
  readonly #retiredPlace: SharedQuestion<EventPlace>
  readonly #recentPlace: SharedQuestion<RecentPlace>
  #isClosed = false

  constructor(deps: LiveFeedDeps) {
    this.#deps = deps
    this.#oldEvents = new OldEvents({
      clock: deps.clock,
      listSettled: (after, limit) => this.#readEvents(after, limit),
      findRetiredPlace: () => deps.feed.findRetiredPlace(),
    })
    this.#lastPlace = new SharedQuestion(() => deps.feed.findLastPlace())
    this.#retiredPlace = new SharedQuestion(() => deps.feed.findRetiredPlace())
    this.#recentPlace = new SharedQuestion(() =>
      // One more is asked for than that, to know whether there are more.
      findRecentPlace(
        deps.feed,
        Math.min(RECENT_EVENTS_MAX, Math.max(1, this.#pageEventsMax() - 1)),
      ),
    )
  }

  /** Something was settled here. Each abort makes an error with a stack, so it is done once. */
  wake(): void {
    if (this.#isWoken) return
    this.#isWoken = true
    this.#waking.abort()
  }

  /** One follower at a time. Returns what ends it. */
  follow(follower: FeedFollower): () => void {
    if (this.#isClosed) {
      follower.onEnd()
      return () => {}
    }
    const run: Run = { stopping: new AbortController(), follower, recent: undefined }
    this.#run = run
    void this.#look(run)
    return () => this.#stop(run)
  }

  /**
   * The place after which a reader begins. From now: everything that is settled after the call, and
   * perhaps a little before; recent: some of the last events before that. Throws STORE_UNAVAILABLE.
   */
  async findStart(start: FeedStart): Promise<FoundStart> {
    const recent = this.#run?.recent
    if (start === 'now' && recent !== undefined) return foundAt(recent.end)
    if (typeof start === 'object' && recent?.covers(start) === true) return foundAt(start)
    const { clock, publishTimeoutMs } = this.#deps
    const deadlineMs = clock.monotonicMs() + publishTimeoutMs
    if (start === 'now') {
      return foundAt(await readStore(this.#lastPlace.ask(), clock, deadlineMs))
    }
    const until = await readStore(this.#retiredPlace.ask(), clock, deadlineMs)
    if (start === 'beginning') {
      return { kind: 'found', start: { place: FIRST_PLACE, keptFrom: until } }
    }
    if (start === 'recent') {
      const { place, until: last } = await readStore(this.#recentPlace.ask(), clock, deadlineMs)
      const keptFrom = isAfter(until, place) ? until : place
      return { kind: 'found', start: { place, keptFrom, recentUntil: last } }
    }
    if (isAfter(until, start)) return { kind: 'retired', until }
    // Another instance may have told it, a moment before this one would have read it.
    const last = await readStore(this.#lastPlace.ask(), clock, deadlineMs)
    return isAfter(start, last) && isAfter(start, until) ? { kind: 'not-ours' } : foundAt(start)
  }

  /** The next events from memory; undefined for a place that lies further back than memory. */
  listRecent(after: EventPlace): readonly PlacedEvent[] | undefined {
    const run = this.#run
    if (run === undefined) return undefined
    // Nothing is known yet: there will be a call of onEvents when it is.
    return run.recent === undefined ? [] : run.recent.listAfter(after, PAGE_EVENTS_MAX)
  }

  /** The next events from the store, for a place that lies further back than memory. */
  readPage(after: EventPlace, wanted: WantedPage, signal: AbortSignal): Promise<ReadPage> {
    return this.#oldEvents.readPage(after, wanted, signal)
  }

  /** Ends the following. Idempotent. */
  close(): void {
    this.#isClosed = true
    const run = this.#run
    if (run === undefined) return
    this.#stop(run)
    run.follower.onEnd()
  }

  #readEvents(after: EventPlace, limit: number): Promise<readonly PlacedEvent[]> {
    return this.#deps.feed.listSettled(after, Math.min(limit, this.#pageEventsMax()))
  }

  #pageEventsMax(): number {
    const fitting = Math.floor(PAGE_BYTES_MAX / this.#deps.eventBytesMax())
    return Math.min(Math.max(1, fitting), PAGE_EVENTS_MAX)
  }

  #stop(run: Run): void {
    run.stopping.abort()
    this.#waking.abort()
    if (this.#run === run) this.#run = undefined
  }

  async #look(run: Run): Promise<void> {
    const { clock } = this.#deps
    const { signal } = run.stopping
    while (!signal.aborted) {
      const isMore =
        run.recent === undefined ? await this.#begin(run) : await this.#readNew(run, run.recent)
      if (isMore) continue
      await clock.sleep(GATHER_MS, signal)
      await this.#waitUntilWoken(run)
    }
  }

  /** True once it is known where the events begin; a store that cannot say is asked again. */
  async #begin(run: Run): Promise<boolean> {
    const start = await this.#deps.feed.findLastPlace().catch(ignoreStoreError)
    if (start === undefined || run.stopping.signal.aborted) return false
    run.recent = new RecentEvents(start)
    run.follower.onEvents()
    return true
  }

  /** True when there are more to read at once. */
  async #readNew({ stopping, follower }: Run, recent: RecentEvents): Promise<boolean> {
    const limit = this.#pageEventsMax()
    const events = await this.#readEvents(recent.end, limit).catch(ignoreStoreError)
    if (events === undefined || events.length === 0 || stopping.signal.aborted) return false
    recent.append(events)
    follower.onEvents()
    return events.length === limit
  }

  async #waitUntilWoken({ stopping }: Run): Promise<void> {
    this.#waking = new AbortController()
    if (!this.#isWoken && !stopping.signal.aborted) {
      await this.#deps.clock.sleep(LOOK_EVERY_MS, this.#waking.signal)
    }
    this.#isWoken = false
  }
}

function foundAt(place: EventPlace): FoundStart {
  return { kind: 'found', start: { place, keptFrom: place } }
}
