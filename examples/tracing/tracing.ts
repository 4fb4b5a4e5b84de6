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
import { context, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'

const share = Number(process.env.OTEL_TRACES_SAMPLER_ARG ?? '0.05')

const provider = new TracerProvider({
  resource: resourceFromAttributes({
    'service.name': process.env.OTEL_SERVICE_NAME ?? 'cart-service',
  }),
  sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(share) }),
  spanProcessors: [
    new BatchSpanProcessor({ exporter: new OTLPTraceExporter(), scheduledDelayMillis: 1_000 }),
  ],
})
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
propagation.setGlobalPropagator(new W3CTraceContextPropagator())
trace.setGlobalTracerProvider(provider)

// The service takes a moment to stop; the last spans leave meanwhile.
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => void provider.forceFlush().catch(() => {}))
}
