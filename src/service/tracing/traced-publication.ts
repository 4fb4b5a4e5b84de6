import { SpanKind, SpanStatusCode, type Span, type Tracer } from '@opentelemetry/api'
import type { OrderStore } from '../../business/ports.ts'
import type { EventPublisher } from '../../business/publication/publisher-port.ts'
import { ATTRIBUTES } from './attributes.ts'
import { contextOf, readSampled } from './trace-context.ts'

type SettlingStore = Pick<OrderStore, 'reserve' | 'settle' | 'discard'>

/** The same store; settling a sampled event is a span of the event's own trace. */
export function traceStore(store: SettlingStore, tracer: Tracer): SettlingStore {
  return {
    reserve: (pending, beginByMs) => store.reserve(pending, beginByMs),
    discard: (pending) => store.discard(pending),
    settle(pending, position) {
      const { eventId, traceparent } = pending.event
      const parent = readSampled(traceparent)
      const settling = store.settle(pending, position)
      if (parent === undefined) return settling
      const attributes = { [ATTRIBUTES.messageId]: eventId }
      return endWith(tracer.startSpan('settle', { attributes }, contextOf(parent)), settling)
    },
  }
}

async function endWith<Result extends string>(
  span: Span,
  settling: Promise<Result>,
): Promise<Result> {
  try {
    const result = await settling
    span.setAttribute('cart.result', result)
    return result
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR })
    throw error
  } finally {
    span.end()
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
