import type { ServerResponse } from 'node:http'
import type { LiveFeed, ReaderStart } from '../../business/stream/live-feed.ts'
import type { EventPlace, PlacedEvent } from '../../business/stream/settled-feed.ts'
import { heartbeatFrame, openingFrame } from './event-frame.ts'
import type { FrameCache, Portion, StreamFilter } from './frame-cache.ts'
import type { UnsentBytes, UnsentReader } from './unsent-bytes.ts'

/** Of a reader that takes nothing: it is dropped at the second. */
const BLOCKED_HEARTBEATS_MAX = 2

/** How many old events are asked for: few at first, because nobody knows how large they are. */
const PAGE_EVENTS_FIRST = 25
const PAGE_EVENTS_MAX = 250

export type StreamSource = Pick<LiveFeed, 'listRecent' | 'readPage'>

/** Why a connection was ended from here. */
export type DropReason = 'behind' | 'blocked' | 'room' | 'store' | 'retired'

export interface StreamReaderOptions {
  readonly source: StreamSource
  readonly frames: FrameCache
  readonly unsent: Pick<UnsentBytes, 'add' | 'remove'>
  readonly filter: StreamFilter
  readonly start: ReaderStart
  /** There may be more for it: it waits to be pumped. */
  readonly askForTurn: (reader: StreamReader) => void
  readonly onDropped: (reason: DropReason) => void
}

/**
 * One reader's connection. It gets what comes after its place, from the store until that is no further
 * back than memory, and from memory from then on. Nothing is written while the socket still has earlier
 * bytes, so a reader holds one portion and not a queue. Who does not keep up with memory is dropped, and
 * goes on after its place when it comes back: the store is read for those that catch up, and not again
 * and again for one that never does.
 */
export class StreamReader implements UnsentReader {
  readonly #response: ServerResponse
  readonly #options: StreamReaderOptions
  #place: EventPlace
  #state: 'ready' | 'reading' | 'blocked' | 'ended' = 'ready'
  #isLive = false
  #blockedHeartbeats = 0
  #pageEvents = PAGE_EVENTS_FIRST
  /** Something came while a page was read, which may not have it. */
  #isNewsWhileReading = false
  #reading = new AbortController()

  constructor(response: ServerResponse, options: StreamReaderOptions) {
    this.#response = response
    this.#options = options
    this.#place = options.start.place
    response.on('drain', () => this.#onDrain())
    response.on('close', () => {
      this.#state = 'ended'
      this.#reading.abort()
      options.unsent.remove(this)
    })
    this.#write(openingFrame(options.start))
  }

  /**
   * Writes one portion of what there is, and asks for its next turn while there may be more. Returns how
   * many bytes it wrote.
   */
  pump(): number {
    if (this.#state === 'reading') this.#isNewsWhileReading = true
    if (this.#state === 'ended' || this.#state === 'reading') return 0
    const events = this.#options.source.listRecent(this.#place)
    if (events === undefined && this.#isLive) this.#drop('behind')
    else if (this.#state === 'ready' && events === undefined) this.#catchUp()
    else if (this.#state === 'ready' && events !== undefined && events.length > 0) {
      this.#isLive = true
      const { bytes } = this.#send(events)
      this.#askForTurn()
      return bytes.length
    }
    return 0
  }

  heartbeat(): void {
    if (this.#state !== 'blocked') {
      this.#blockedHeartbeats = 0
      // While a page is read it does not block: the socket has taken everything, and this is little.
      if (this.#state === 'reading') this.#response.write(heartbeatFrame(this.#place))
      if (this.#state === 'ready') this.#write(heartbeatFrame(this.#place))
      return
    }
    this.#blockedHeartbeats += 1
    if (this.#blockedHeartbeats >= BLOCKED_HEARTBEATS_MAX) this.#drop('blocked')
  }

  /** It takes too little, and others need the room. */
  cut(): void {
    this.#drop('room')
  }

  /** An orderly end; the reader comes back by itself, where it can. */
  end(): void {
    if (this.#state === 'ended') return
    this.#state = 'ended'
    this.#response.end()
    // One that takes nothing would never see the end, and hold up the stop.
    if (this.#response.writableNeedDrain) this.#response.destroy()
  }

  #catchUp(): void {
    this.#state = 'reading'
    this.#isNewsWhileReading = false
    this.#reading = new AbortController()
    const { source, start } = this.#options
    const wanted = { keptFrom: start.keptFrom, limit: this.#pageEvents }
    void source.readPage(this.#place, wanted, this.#reading.signal).then((events) => {
      if (this.#state !== 'reading') return
      this.#state = 'ready'
      if (events === undefined) return this.#giveUp('store')
      if (events === 'retired') return this.#giveUp('retired')
      // All that was settled is read, and memory begins further on: look again when there is more.
      if (events.length === 0 && !this.#isNewsWhileReading) return
      if (events.length > 0) this.#sendPage(events)
      this.#askForTurn()
    })
  }

  #sendPage(events: readonly PlacedEvent[]): void {
    const { count } = this.#send(events)
    // Those that did not fit are read once more.
    const isSmall = count === events.length
    this.#pageEvents = isSmall ? Math.min(2 * this.#pageEvents, PAGE_EVENTS_MAX) : count
  }

  /** As many of them as fit in what is sent at once. */
  #send(events: readonly PlacedEvent[]): Portion {
    const { frames, filter } = this.#options
    const portion = frames.encode(events, filter)
    this.#place = events[portion.count - 1]?.place ?? this.#place
    if (portion.bytes.length > 0) this.#write(portion.bytes)
    return portion
  }

  #write(bytes: string | Uint8Array): void {
    if (this.#response.write(bytes)) return
    this.#state = 'blocked'
    this.#options.unsent.add(this, bytes.length)
  }

  #onDrain(): void {
    if (this.#state !== 'blocked') return
    this.#options.unsent.remove(this)
    this.#state = 'ready'
    this.#blockedHeartbeats = 0
    this.#askForTurn()
  }

  /** Hundreds of sockets may drain in one turn of the loop, so none is written to from here. */
  #askForTurn(): void {
    if (this.#state === 'ready') this.#options.askForTurn(this)
  }

  /** The next connection is told that the store is away, or from where to go on. */
  #giveUp(reason: DropReason): void {
    this.end()
    this.#options.onDropped(reason)
  }

  #drop(reason: DropReason): void {
    this.#state = 'ended'
    this.#response.destroy()
    this.#options.onDropped(reason)
  }
}
