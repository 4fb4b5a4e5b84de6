import { urlOf, type OrderEvent } from './api-client.ts'
import type { Order } from './order-json.ts'
import { createRecentEvents } from './recent-events.ts'

/** Settled changes as they happen (GET /api/events/stream). */

export interface LiveEvent extends Omit<OrderEvent, 'status'> {
  readonly order: Order
  readonly settledAt?: string
}

export type StreamState = 'connecting' | 'live'

const STREAM_PATH = 'api/events/stream?from=recent'

const EVENT_TYPES = ['com.ecommerce.order.created', 'com.ecommerce.order.status-changed']

/** As long as the browser itself waits, which the service tells it. */
const REOPEN_AFTER_MS = 2_000

export interface StreamHandlers {
  /** Changes from here on arrive; what was before has to be read. */
  readonly onStart: () => void
  /** Those that were the last ones when the stream began, oldest first. */
  readonly onRecent: (events: readonly LiveEvent[]) => void
  readonly onEvent: (event: LiveEvent) => void
  readonly onState: (state: StreamState) => void
}

/**
 * Where a connection breaks, the browser goes on by itself after the last event that it got: nothing is
 * missed, nothing comes twice. An answer that is no stream ends that for good; then a new stream begins
 * now, and what was before is read anew.
 */
export function followChanges(handlers: StreamHandlers): void {
  const source = new EventSource(urlOf(STREAM_PATH))
  const recent = createRecentEvents(handlers)
  let hasStarted = false
  source.addEventListener('open', () => {
    handlers.onState('live')
    if (!hasStarted) handlers.onStart()
    hasStarted = true
  })
  source.addEventListener('recent', ({ data, lastEventId }: MessageEvent<string>) => {
    recent.begin(lastEventId, (JSON.parse(data) as { readonly until: string }).until)
  })
  for (const type of EVENT_TYPES) {
    source.addEventListener(type, ({ data, lastEventId }: MessageEvent<string>) => {
      recent.add(lastEventId, JSON.parse(data) as LiveEvent)
    })
  }
  source.addEventListener('error', () => {
    handlers.onState('connecting')
    if (source.readyState !== EventSource.CLOSED) return
    setTimeout(() => followChanges(handlers), REOPEN_AFTER_MS)
  })
}
