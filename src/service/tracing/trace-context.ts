import {
  createTraceState,
  isSpanContextValid,
  ROOT_CONTEXT,
  trace,
  TraceFlags,
  type Context,
  type SpanContext,
} from '@opentelemetry/api'

/** Version, trace id, parent id, flags. Whatever is stored was checked when it came in. */
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/u

const HEX = 16

/** As it goes into the headers of the event, and into the store. */
export function formatTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(HEX).padStart(2, '0')}`
}

/** The context of a stored event; undefined without one, or where nobody keeps its trace. */
export function readSampled(traceparent: string | undefined): SpanContext | undefined {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent ?? '') ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined
  const traceFlags = Number.parseInt(flags, HEX)
  const isSampled = (traceFlags & TraceFlags.SAMPLED) !== 0
  const found = { traceId, spanId, traceFlags, isRemote: true, traceState: createTraceState() }
  return isSampled && isSpanContextValid(found) ? found : undefined
}

/** For a span below it, wherever the code runs that begins it. */
export function contextOf(parent: SpanContext): Context {
  return trace.setSpanContext(ROOT_CONTEXT, parent)
}
