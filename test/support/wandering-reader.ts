import type { SeededRandom } from '../fault/harness/seeded-random.ts'
import { openEventStream, type EventStream, type StreamEvent } from './event-stream.ts'
import { until } from './until.ts'

/** Of one connection, until the reader cuts it. */
const EVENTS_MAX = 150

export interface WanderingReader {
  /** What it got, over all its connections that have ended. */
  readonly events: readonly StreamEvent[]
  /** With those of the present one. */
  readonly eventCount: () => number
  readonly connectionCount: () => number
  /** Resolves when it has let go; rejects when it could not connect any more. */
  stop(): Promise<void>
}

/** Follows the stream, and again and again cuts its connection and goes on at another instance. */
export async function startWanderingReader(
  urls: () => readonly string[],
  random: SeededRandom,
  query = '',
): Promise<WanderingReader> {
  const events: StreamEvent[] = []
  let isStopped = false
  let connectionCount = 0
  let lastEventId: string | undefined
  let current: EventStream | undefined

  async function connect(): Promise<EventStream | undefined> {
    let stream: EventStream | undefined
    await until(async () => {
      if (isStopped) return true
      const headers = lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId }
      stream = await openEventStream(`${random.pick(urls())}/api/events/stream${query}`, headers)
      return true
    }, 'a reader can connect')
    return stream
  }

  async function read(stream: EventStream): Promise<void> {
    connectionCount += 1
    current = stream
    let hasEnded = false
    void stream.ended.then(() => {
      hasEnded = true
    })
    const enough = random.integer(0, EVENTS_MAX)
    await until(
      () => isStopped || hasEnded || stream.events.length >= enough,
      'the stream goes on or ends',
      600_000,
    )
    stream.close()
    await stream.ended
    events.push(...stream.events)
    current = undefined
    if (stream.lastEventId() !== '') lastEventId = stream.lastEventId()
  }

  const first = await connect()
  const reading = (async () => {
    if (first !== undefined) await read(first)
    while (!isStopped) {
      const stream = await connect()
      if (stream !== undefined) await read(stream)
    }
  })()
  return {
    events,
    eventCount: () => events.length + (current?.events.length ?? 0),
    connectionCount: () => connectionCount,
    async stop() {
      isStopped = true
      await reading
    },
  }
}
