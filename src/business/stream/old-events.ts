import { ignoreStoreError, type Clock } from '../ports.ts'
import { isAfter, type EventPlace, type PlacedEvent, type SettledFeed } from './settled-feed.ts'

/** Between two pages of all readers together: changes get their turn. */
const BETWEEN_PAGES_MS = 10

/** So many readers get a page before changes get their turn: of each some 256 KiB are sent at once. */
const READERS_AT_ONCE = 8
const BETWEEN_READERS_MS = 1

export interface OldEventsDeps extends Pick<SettledFeed, 'listSettled' | 'findRetiredPlace'> {
  readonly clock: Clock
}

export interface WantedPage {
  readonly limit: number
  /** Behind this place the reader has all that was not retired before it came. */
  readonly keptFrom: EventPlace
}

/**
 * Undefined when the store cannot say; `retired` when events between the places may have been taken out
 * since `keptFrom`.
 */
export type ReadPage = readonly PlacedEvent[] | 'retired' | undefined

/** A page that a reader waits for. */
interface AskedPage {
  readonly after: EventPlace
  readonly wanted: WantedPage
  readonly resolve: (page: ReadPage) => void
}

/** The events after a place, and up to where events were taken out by the time they had been read. */
interface KeptPage {
  readonly after: EventPlace
  readonly events: readonly PlacedEvent[]
  readonly retiredUntil: EventPlace
}

/** Reads events that lie further back than memory: one page at a time for all readers together. */
export class OldEvents {
  readonly #deps: OldEventsDeps
  /** In their order; of each reader one at most. */
  readonly #askedPages = new Set<AskedPage>()
  #isReading = false

  constructor(deps: OldEventsDeps) {
    this.#deps = deps
  }

  /**
   * The next events from the store. `limit` of them at most are read for this reader, and it may be given
   * more that are read for another one. A reader that has left is not read for, and not answered.
   */
  readPage(after: EventPlace, wanted: WantedPage, signal: AbortSignal): Promise<ReadPage> {
    return new Promise((resolve) => {
      const asked = { after, wanted, resolve }
      this.#askedPages.add(asked)
      signal.addEventListener('abort', () => this.#askedPages.delete(asked))
      if (!this.#isReading) void this.#readPages()
    })
  }

  async #readPages(): Promise<void> {
    this.#isReading = true
    let isForFurthestBehind = false
    for (;;) {
      const asked = this.#findNext(isForFurthestBehind)
      if (asked === undefined) break
      this.#askedPages.delete(asked)
      const page = await this.#read(asked).catch(ignoreStoreError)
      asked.resolve(page && cutPage(page, asked))
      if (page !== undefined) await this.#share(page)
      await this.#deps.clock.sleep(BETWEEN_PAGES_MS)
      isForFurthestBehind = !isForFurthestBehind
    }
    this.#isReading = false
  }

  /**
   * In turns the one that has waited longest and the one that is furthest behind. The latter reaches the
   * others, and from there on one page is for all of them; so they all catch up, wherever they began.
   */
  #findNext(isForFurthestBehind: boolean): AskedPage | undefined {
    let next: AskedPage | undefined
    for (const asked of this.#askedPages) {
      if (next === undefined || (isForFurthestBehind && isAfter(next.after, asked.after)))
        next = asked
    }
    return next
  }

  async #read({ after, wanted }: AskedPage): Promise<KeptPage> {
    const { listSettled, findRetiredPlace } = this.#deps
    const events = await listSettled(after, wanted.limit)
    // In this order: what was taken out before the page was read shows now.
    return { after, events, retiredUntil: await findRetiredPlace() }
  }

  /** After a restart all readers want nearly the same events: one by one they would never catch up. */
  async #share(page: KeptPage): Promise<void> {
    let count = 1
    for (const asked of this.#askedPages) {
      if (!hasNext(page, asked.after)) continue
      if (count % READERS_AT_ONCE === 0) await this.#deps.clock.sleep(BETWEEN_READERS_MS)
      count += 1
      // It may have left meanwhile.
      if (this.#askedPages.delete(asked)) asked.resolve(cutPage(page, asked))
    }
  }
}

/** Whether the page has the events that come next after a place. */
function hasNext({ after, events }: KeptPage, place: EventPlace): boolean {
  const last = events.at(-1)
  return last !== undefined && !isAfter(after, place) && isAfter(last.place, place)
}

function cutPage({ events, retiredUntil }: KeptPage, { after, wanted }: AskedPage): ReadPage {
  if (isAfter(retiredUntil, after) && isAfter(retiredUntil, wanted.keptFrom)) return 'retired'
  return events.filter(({ place }) => isAfter(place, after))
}
