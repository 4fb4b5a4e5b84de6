import {
  context,
  SpanKind,
  SpanStatusCode,
  trace,
  type Span,
  type Tracer,
} from '@opentelemetry/api'
import { CommandError } from '../../business/errors.ts'
import type { OrderCommands } from '../../business/order/commands.ts'
import { ATTRIBUTES } from './attributes.ts'
import { formatTraceparent } from './trace-context.ts'

/** The same commands; each change as {@link traceChange} says. */
export function traceCommands(
  commands: OrderCommands,
  tracer: Tracer,
  topic: string,
): OrderCommands {
  return {
    createOrder: traceChange((command) => commands.createOrder(command), tracer, topic),
    changeOrderStatus: traceChange((command) => commands.changeOrderStatus(command), tracer, topic),
  }
}

/**
 * The same change; where the trace of the request is kept, in a span. It is the context in which the
 * event is made, so the event carries it: in its headers, the same on every try, and in the store. Where it
 * is not kept, nothing is made, and the event carries what its caller sent, if anything.
 */
export function traceChange<Command extends { readonly traceparent?: string }, Changed>(
  carryOut: (command: Command) => Promise<Changed>,
  tracer: Tracer,
  topic: string,
): (command: Command) => Promise<Changed> {
  return (command) =>
    isKept() ? inSpan(startChange(tracer, topic), command, carryOut) : carryOut(command)
}

function startChange(tracer: Tracer, topic: string): Span {
  return tracer.startSpan(`create ${topic}`, {
    kind: SpanKind.PRODUCER,
    attributes: {
      [ATTRIBUTES.messagingSystem]: 'kafka',
      [ATTRIBUTES.destination]: topic,
      [ATTRIBUTES.operationName]: 'create',
      [ATTRIBUTES.operationType]: 'create',
    },
  })
}

async function inSpan<Command, Changed>(
  span: Span,
  command: Command,
  carryOut: (command: Command) => Promise<Changed>,
): Promise<Changed> {
  const traced = { ...command, traceparent: formatTraceparent(span.spanContext()) }
  try {
    return await context.with(trace.setSpan(context.active(), span), () => carryOut(traced))
  } catch (error) {
    noteFailure(span, error)
    throw error
  } finally {
    span.end()
  }
}

function isKept(): boolean {
  return trace.getActiveSpan()?.isRecording() === true
}

/** What is the caller's is no error of ours. */
function noteFailure(span: Span, error: unknown): void {
  const isOurs = !(error instanceof CommandError) || error.outcome !== undefined
  span.setAttribute(ATTRIBUTES.errorType, error instanceof CommandError ? error.code : 'INTERNAL')
  if (isOurs) span.setStatus({ code: SpanStatusCode.ERROR })
}
