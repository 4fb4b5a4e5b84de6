import type { ServerResponse } from 'node:http'
import type { LiveFeed, ReaderStart } from '../../business/stream/live-feed.ts'
import type { EventPlace, PlacedEvent } from '../../business/stream/settled-feed.ts'
import { heartbeatFrame, openingFrame } from './event-frame.ts'
import type { FrameCache, StreamFilter } from './frame-cache.ts'

/** Of a reader that takes nothing: it is dropped at the second. */
const BLOCKED_HEARTBEATS_MAX = 2

export type StreamSource = Pick<LiveFeed, 'listRecent' | 'readPage'>

/** Why a connection was ended from here. */
export type DropReason = 'behind' | 'blocked' | 'store' | 'retired'

export interface StreamReaderOptions {
  readonly source: StreamSource
  readonly frames: FrameCache
  readonly filter: StreamFilter
  readonly start: ReaderStart
  readonly onDropped: (reason: DropReason) => void
}

/**
 * One reader's connection. It gets what comes after its place, from the store until that is no further
 * back than memory, and from memory from then on. Nothing is written while the socket still has earlier
 * bytes, so a reader holds one portion and not a queue. Who does not keep up with memory is dropped, and
 * goes on after its place when it comes back: the store is read for those that catch up, and not again
 * and again for one that never does.
 */
export class StreamReader {
  readonly #response: ServerResponse
  readonly #options: StreamReaderOptions
  #place: EventPlace
  #state: 'ready' | 'reading' | 'blocked' | 'ended' = 'ready'
  #isLive = false
  #blockedHeartbeats = 0

  constructor(response: ServerResponse, options: StreamReaderOptions) {
    this.#response = response
    this.#options = options
    this.#place = options.start.place
    response.on('drain', () => this.#onDrain())
    response.on('close', () => {
      this.#state = 'ended'
    })
    this.#write(openingFrame(this.#place))
  }

  /** Writes what there is to write. Called when there are new events, too. */
  pump(): void {
    if (this.#state === 'ended' || this.#state === 'reading') return
    const events = this.#options.source.listRecent(this.#place)
    if (events === undefined && this.#isLive) return this.#drop('behind')
    if (this.#state === 'blocked') return
    if (events === undefined) return this.#catchUp()
    if (events.length === 0) return
    this.#isLive = true
    this.#send(events)
    // More than one portion is there; ends, because each takes the place further or blocks.
    this.pump()
  }

  heartbeat(): void {
    if (this.#state !== 'blocked') {
      this.#blockedHeartbeats = 0
      // While a page is read its bytes come next; a heartbeat that blocked would start another read.
      if (this.#state === 'ready') this.#write(heartbeatFrame(this.#place))
      return
    }
    this.#blockedHeartbeats += 1
    if (this.#blockedHeartbeats >= BLOCKED_HEARTBEATS_MAX) this.#drop('blocked')
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
    const { source, start } = this.#options
    void source.readPage(this.#place, start.keptFrom).then((events) => {
      if (this.#state !== 'reading') return
      this.#state = 'ready'
      if (events === undefined) return this.#giveUp('store')
      if (events === 'retired') return this.#giveUp('retired')
      // All that is settled was read, and memory begins further on: look again at the next call.
      if (events.length === 0) return
      this.#send(events)
      this.pump()
    })
  }

  #send(events: readonly PlacedEvent[]): void {
    const { frames, filter } = this.#options
    this.#place = events.at(-1)?.place ?? this.#place
    const bytes = frames.encode(events, filter)
    if (bytes.length > 0) this.#write(bytes)
  }

  #write(bytes: string | Uint8Array): void {
    if (!this.#response.write(bytes)) this.#state = 'blocked'
  }

  #onDrain(): void {
    if (this.#state !== 'blocked') return
    this.#state = 'ready'
    this.#blockedHeartbeats = 0
    this.pump()
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
