import type { IncomingHttpHeaders } from 'node:http'
import {
  context,
  propagation,
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

/** From here on a failure is ours. */
const SERVER_ERROR_MIN = 500

/** Runs `next` in the span of this request, below the caller's. Returns what ends it. */
export function traceRequest(
  tracer: Tracer,
  { method, route, headers }: TracedRequest,
  next: () => void,
): (status: number) => void {
  const parent = propagation.extract(context.active(), headers)
  const attributes = { [ATTRIBUTES.httpMethod]: method, [ATTRIBUTES.httpRoute]: route }
  const options = { kind: SpanKind.SERVER, attributes }
  const span = tracer.startSpan(`${method} ${route}`, options, parent)
  context.with(trace.setSpan(parent, span), next)
  return (status) => {
    span.setAttribute(ATTRIBUTES.httpStatus, status)
    if (status >= SERVER_ERROR_MIN) span.setStatus({ code: SpanStatusCode.ERROR })
    span.end()
  }
}
