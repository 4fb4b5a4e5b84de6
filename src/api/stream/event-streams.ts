import type { ServerResponse } from 'node:http'
import type { Measures } from '../../business/measures/measures.ts'
import type { Clock } from '../../business/ports.ts'
import { tooManyReaders } from '../../business/refusals.ts'
import type { LiveFeed, ReaderStart } from '../../business/stream/live-feed.ts'
import { FrameCache, type StreamFilter } from './frame-cache.ts'
import { StreamReader, type DropReason } from './stream-reader.ts'
import { UnsentBytes } from './unsent-bytes.ts'

/** Below the 60 s after which common proxies drop a silent connection. */
export const HEARTBEAT_EVERY_MS = 15_000

/** What all readers together get from memory before requests have their turn, and perhaps a portion more. */
export const TURN_BYTES_MAX = 1024 * 1024

/** Where readers get little or nothing: to look for it costs, too. */
export const TURN_READERS_MAX = 256

export interface EventStreamsDeps {
  readonly feed: LiveFeed
  readonly clock: Clock
  readonly readersMax: number
  readonly measures: Pick<Measures, 'streamReaderCount' | 'streamReadersDroppedCount'>
  readonly onDropped: (reason: DropReason) => void
}

/** All readers of this process. The feed is followed while there is one. */
export class EventStreams {
  readonly #deps: EventStreamsDeps
  readonly #frames = new FrameCache()
  readonly #readers = new Map<StreamReader, () => Promise<boolean>>()
  readonly #unsent = new UnsentBytes()
  #unfollow: (() => void) | undefined
  #stopHeartbeat: (() => void) | undefined
  /** Those that there may be something for, in the order in which they get it. */
  readonly #queued = new Set<StreamReader>()
  #isPumpScheduled = false

  constructor(deps: EventStreamsDeps) {
    this.#deps = deps
  }

  /** Throws SERVICE_FULL. */
  assertRoom(): void {
    const { readersMax } = this.#deps
    if (this.#readers.size >= readersMax) throw tooManyReaders(readersMax)
  }

  /**
   * The response has its head; from now on it is this reader's. `isStillLetIn` is asked at each heartbeat:
   * a reader whose key was withdrawn gets no more, and is told why when it comes back.
   */
  open(
    response: ServerResponse,
    start: ReaderStart,
    filter: StreamFilter,
    isStillLetIn: () => Promise<boolean> = letIn,
  ): void {
    // Gone while the store was asked: its close event was before, and would never be heard here.
    if (response.destroyed) return
    const { feed, onDropped } = this.#deps
    const reader = new StreamReader(response, {
      source: feed,
      frames: this.#frames,
      unsent: this.#unsent,
      filter,
      start,
      askForTurn: (asking) => this.#enqueue(asking),
      onDropped,
    })
    this.#readers.set(reader, isStillLetIn)
    this.#deps.measures.streamReaderCount += 1
    response.once('close', () => this.#remove(reader))
    if (this.#unfollow === undefined) this.#begin()
    this.#enqueue(reader)
  }

  /** Ends every stream. Idempotent. */
  close(): void {
    for (const reader of this.#readers.keys()) reader.end()
  }

  #begin(): void {
    const { feed } = this.#deps
    this.#unfollow = feed.follow({ onEvents: () => this.#enqueueAll(), onEnd: () => this.close() })
    this.#scheduleHeartbeat()
  }

  #remove(reader: StreamReader): void {
    this.#readers.delete(reader)
    this.#queued.delete(reader)
    this.#deps.measures.streamReaderCount -= 1
    if (this.#readers.size > 0) return
    this.#unfollow?.()
    this.#unfollow = undefined
    this.#stopHeartbeat?.()
  }

  #enqueueAll(): void {
    for (const reader of this.#readers.keys()) this.#enqueue(reader)
  }

  #enqueue(reader: StreamReader): void {
    this.#queued.add(reader)
    this.#schedulePump()
  }

  #schedulePump(): void {
    if (this.#isPumpScheduled) return
    this.#isPumpScheduled = true
    setImmediate(() => this.#pumpSome())
  }

  /** In slices: with many readers one round takes longer than a request should wait. */
  #pumpSome(): void {
    let bytes = 0
    for (const reader of this.#queued.values().take(TURN_READERS_MAX)) {
      this.#queued.delete(reader)
      bytes += reader.pump()
      if (bytes >= TURN_BYTES_MAX) break
    }
    this.#isPumpScheduled = false
    if (this.#queued.size > 0) this.#schedulePump()
  }

  #scheduleHeartbeat(): void {
    this.#stopHeartbeat = this.#deps.clock.schedule(HEARTBEAT_EVERY_MS, () => {
      for (const [reader, isStillLetIn] of this.#readers) {
        reader.heartbeat()
        void endUnless(isStillLetIn, reader)
      }
      this.#scheduleHeartbeat()
    })
  }
}

function letIn(): Promise<boolean> {
  return Promise.resolve(true)
}

/** Also where the question fails, which is a bug: the next connection is told. */
async function endUnless(
  isStillLetIn: () => Promise<boolean>,
  reader: StreamReader,
): Promise<void> {
  if (!(await isStillLetIn().catch(() => false))) reader.end()
}
