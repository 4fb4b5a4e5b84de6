import { SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api'
import type { OrderStore } from '../../business/ports.ts'
import type { EventPublisher } from '../../business/publication/publisher-port.ts'
import type { PendingEvent } from '../../models/order-event.ts'
import { ATTRIBUTES } from './attributes.ts'
import { contextOf, readSampled } from './trace-context.ts'

type SettlingStore = Pick<OrderStore, 'reserve' | 'settle' | 'discard'>

/** The same store; what is done with a sampled event is a span of the event's own trace. */
export function traceStore(store: SettlingStore, tracer: Tracer): SettlingStore {
  async function inSpan<Result extends string>(
    name: string,
    { event }: PendingEvent,
    step: () => Promise<Result>,
  ): Promise<Result> {
    const parent = readSampled(event.traceparent)
    if (parent === undefined) return step()
    const attributes = { [ATTRIBUTES.messageId]: event.eventId }
    const span = tracer.startSpan(name, { attributes }, contextOf(parent))
    try {
      const result = await step()
      span.setAttribute('cart.result', result)
      return result
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR })
      throw error
    } finally {
      span.end()
    }
  }
  return {
    reserve: (pending, beginByMs) =>
      inSpan('reserve', pending, () => store.reserve(pending, beginByMs)),
    settle: (pending, position) => inSpan('settle', pending, () => store.settle(pending, position)),
    discard: (pending) => inSpan('discard', pending, () => store.discard(pending)),
  }
}

/**
 * The same publisher; a recovery is a trace of its own, linked to that of the request which made the event:
 * that one ended long ago, in another process.
 */
export function traceRecovery(
  publisher: EventPublisher,
  tracer: Tracer,
  topic: string,
): EventPublisher {
  return {
    admit: (key) => publisher.admit(key),
    publish: (pending, deadlineMs) => publisher.publish(pending, deadlineMs),
    async recover(pending) {
      const { eventId, traceparent } = pending.event
      const made = readSampled(traceparent)
      const span = tracer.startSpan(`recover ${topic}`, {
        root: true,
        kind: SpanKind.PRODUCER,
        links: made === undefined ? [] : [{ context: made }],
        attributes: {
          [ATTRIBUTES.messagingSystem]: 'kafka',
          [ATTRIBUTES.destination]: topic,
          [ATTRIBUTES.operationName]: 'recover',
          [ATTRIBUTES.messageId]: eventId,
        },
      })
      const acked = await publisher.recover(pending)
      const { partition, offset } = acked.position
      span.setAttributes({ [ATTRIBUTES.partition]: String(partition), [ATTRIBUTES.offset]: offset })
      span.end()
      return acked
    },
  }
}
