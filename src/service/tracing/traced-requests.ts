import type { IncomingHttpHeaders } from 'node:http'
import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api'
import { ATTRIBUTES } from './attributes.ts'

/** Of a request, before and after it is carried out. */
export interface TracedRequest {
  readonly method: string
  /** The pattern: a path would name orders. */
  readonly route: string
  readonly headers: IncomingHttpHeaders
}

const AS_SERVER = { kind: SpanKind.SERVER }

/** In place of a status. It is no error of ours. */
const CLIENT_LEFT = 'client-left'

/** From here on a failure is ours. */
const SERVER_ERROR_MIN = 500

/**
 * Runs `next` in the span of this request, below the caller's. Returns what ends it. A request whose trace
 * nobody keeps goes on without one: an active context is paid at every step of it.
 */
export function traceRequest(
  tracer: Tracer,
  { method, route, headers }: TracedRequest,
  next: () => void,
): ((status: number | undefined) => void) | undefined {
  // All that is done here is done for nineteen requests that nobody keeps as well.
  const isCallers = headers['traceparent'] !== undefined
  const parent = isCallers ? propagation.extract(ROOT_CONTEXT, headers) : ROOT_CONTEXT
  const span = tracer.startSpan(`${method} ${route}`, AS_SERVER, parent)
  if (!span.isRecording()) {
    next()
    return undefined
  }
  span.setAttributes({ [ATTRIBUTES.httpMethod]: method, [ATTRIBUTES.httpRoute]: route })
  context.with(trace.setSpan(parent, span), next)
  return (status) => {
    if (status === undefined) span.setAttribute(ATTRIBUTES.errorType, CLIENT_LEFT)
    else span.setAttribute(ATTRIBUTES.httpStatus, status)
    if (status !== undefined && status >= SERVER_ERROR_MIN)
      span.setStatus({ code: SpanStatusCode.ERROR })
    span.end()
  }
}
