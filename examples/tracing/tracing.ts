/**
 * Loads OpenTelemetry's SDK before the service, which knows its API alone:
 *
 *   node --import ./examples/tracing/tracing.ts src/main.mjs
 *
 * Spans go to a collector by OTLP over HTTP. The SDK's own variables hold: OTEL_EXPORTER_OTLP_ENDPOINT
 * (http://localhost:4318), OTEL_EXPORTER_OTLP_HEADERS, OTEL_SERVICE_NAME, and OTEL_TRACES_SAMPLER_ARG, the
 * share of traces that is kept (0.05). A caller that has decided already is followed.
 */
import process from 'node:process'
import {
  context,
  INVALID_SPAN_CONTEXT,
  propagation,
  trace,
  TraceFlags,
  type SpanContext,
  type Tracer,
} from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { AlwaysOnSampler, BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'

const share = Number(process.env.OTEL_TRACES_SAMPLER_ARG ?? '0.05')

const provider = new TracerProvider({
  resource: resourceFromAttributes({
    'service.name': process.env.OTEL_SERVICE_NAME ?? 'cart-service',
  }),
  sampler: new AlwaysOnSampler(),
  spanProcessors: [
    new BatchSpanProcessor({ exporter: new OTLPTraceExporter(), scheduledDelayMillis: 1_000 }),
  ],
})

const NOT_KEPT = trace.wrapSpanContext(INVALID_SPAN_CONTEXT)

function isSampled({ traceFlags }: SpanContext): boolean {
  const bit: number = TraceFlags.SAMPLED
  return (traceFlags & bit) !== 0
}

/**
 * Decides before the SDK does, so that a request whose trace is not kept costs a random number. A sampler
 * of the SDK is asked after ids, attributes and counters of the span are made, for all twenty of which one
 * is kept.
 */
function decideFirst(tracer: Tracer): Tracer {
  const startSpan: Tracer['startSpan'] = (name, options, parent = context.active()) => {
    const caller = options?.root === true ? undefined : trace.getSpanContext(parent)
    const isKept = caller === undefined ? Math.random() < share : isSampled(caller)
    return isKept ? tracer.startSpan(name, options, parent) : NOT_KEPT
  }
  return Object.assign(Object.create(tracer) as Tracer, { startSpan })
}

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
propagation.setGlobalPropagator(new W3CTraceContextPropagator())
trace.setGlobalTracerProvider({
  getTracer: (...scope) => decideFirst(provider.getTracer(...scope)),
})

// The service takes a moment to stop; the last spans leave meanwhile.
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => void provider.forceFlush().catch(() => {}))
}
