import type { TestContext } from 'node:test'
import { context, propagation, SpanStatusCode, trace, type Tracer } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import {
  AlwaysOnSampler,
  InMemorySpanExporter,
  ParentBasedSampler,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace'

export interface KeptSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly attributes: object
  readonly links: ReadonlyArray<{ readonly traceId: string; readonly spanId: string }>
  readonly isError: boolean
}

/** An SDK for one test, which keeps every span whose caller has not decided otherwise. */
export function keepSpans(t: TestContext): { tracer: Tracer; list: () => readonly KeptSpan[] } {
  const exporter = new InMemorySpanExporter()
  const provider = new TracerProvider({
    sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  })
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  trace.setGlobalTracerProvider(provider)
  t.after(() => {
    context.disable()
    propagation.disable()
    trace.disable()
  })
  return {
    tracer: provider.getTracer('test'),
    list: () =>
      exporter.getFinishedSpans().map((span) => ({
        name: span.name,
        traceId: span.spanContext().traceId,
        spanId: span.spanContext().spanId,
        parentSpanId: span.parentSpanContext?.spanId,
        attributes: span.attributes,
        links: span.links.map((link) => ({
          traceId: link.context.traceId,
          spanId: link.context.spanId,
        })),
        isError: span.status.code === SpanStatusCode.ERROR,
      })),
  }
}
