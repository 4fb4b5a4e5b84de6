import type { PendingEvent } from '../../models/order-event.ts'
import type { Clock } from '../ports.ts'
import type { EventPublisher } from '../publication/publisher-port.ts'
import type { Measures } from './measures.ts'

/** `00-<32 hex>-<16 hex>-<2 hex>`; the lowest bit of the flags says that somebody keeps the trace. */
const TRACE_ID = { from: 3, to: 35 } as const
const SAMPLED_FLAG = 1

/** The same publisher; what becomes of an event is counted, and how long its acknowledgement takes. */
export function measurePublisher(
  publisher: EventPublisher,
  { publications, acknowledgements }: Pick<Measures, 'publications' | 'acknowledgements'>,
  clock: Pick<Clock, 'monotonicMs' | 'now'>,
): EventPublisher {
  return {
    admit: (key) => publisher.admit(key),
    recover: (pending) => publisher.recover(pending),
    async publish(pending, deadlineMs) {
      const beganMs = clock.monotonicMs()
      const outcome = await publisher.publish(pending, deadlineMs)
      publications.add([outcome.kind])
      if (outcome.kind !== 'acked') return outcome
      const tookMs = clock.monotonicMs() - beganMs
      const traceId = sampledTraceOf(pending)
      if (traceId === undefined) acknowledgements.note(tookMs)
      else acknowledgements.noteTraced(tookMs, traceId, clock.now())
      return outcome
    },
  }
}

function sampledTraceOf({ event: { traceparent } }: PendingEvent): string | undefined {
  if (traceparent === undefined) return undefined
  const isSampled = (Number.parseInt(traceparent.slice(-2), 16) & SAMPLED_FLAG) !== 0
  return isSampled ? traceparent.slice(TRACE_ID.from, TRACE_ID.to) : undefined
}
