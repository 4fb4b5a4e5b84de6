import {
  createTraceState,
  isSpanContextValid,
  ROOT_CONTEXT,
  trace,
  type Context,
  type SpanContext,
} from '@opentelemetry/api'

/** Version, trace id, parent id, flags. Whatever is stored was checked when it came in. */
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/u

const HEX = 16

/** The lowest bit of the flags, which are two hexadecimal digits, is "sampled". */
const UNSAMPLED_ENDS: ReadonlySet<string> = new Set('02468ace')

/** As it goes into the headers of the event, and into the store. */
export function formatTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(HEX).padStart(2, '0')}`
}

/** The context of a stored event; undefined without one, or where nobody keeps its trace. */
export function readSampled(traceparent: string | undefined): SpanContext | undefined {
  // Of nearly all of them: it is asked several times for each event.
  if (traceparent === undefined || UNSAMPLED_ENDS.has(traceparent.at(-1) ?? '')) return undefined
  const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent) ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined
  const traceFlags = Number.parseInt(flags, HEX)
  const found = { traceId, spanId, traceFlags, isRemote: true, traceState: createTraceState() }
  return isSpanContextValid(found) ? found : undefined
}

/** For a span below it, wherever the code runs that begins it. */
export function contextOf(parent: SpanContext): Context {
  return trace.setSpanContext(ROOT_CONTEXT, parent)
}
