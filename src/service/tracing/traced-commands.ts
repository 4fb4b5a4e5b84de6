import {
  context,
  SpanKind,
  SpanStatusCode,
  trace,
  type Span,
  type Tracer,
} from '@opentelemetry/api'
import { CommandError } from '../../business/errors.ts'
import type { ChangedOrder, OrderCommands } from '../../business/order/commands.ts'
import { ATTRIBUTES } from './attributes.ts'
import { formatTraceparent } from './trace-context.ts'

/**
 * The same commands; where the trace of the request is kept, a span each. It is the context in which the
 * event is made, so the event carries it: in its headers, the same on every try, and in the store. Where it
 * is not kept, nothing is made, and the event carries what its caller sent, if anything.
 */
export function traceCommands(
  commands: OrderCommands,
  tracer: Tracer,
  topic: string,
): OrderCommands {
  async function inSpan<Command extends { readonly traceparent?: string }>(
    command: Command,
    carryOut: (command: Command) => Promise<ChangedOrder>,
  ): Promise<ChangedOrder> {
    const span = tracer.startSpan(`create ${topic}`, {
      kind: SpanKind.PRODUCER,
      attributes: {
        [ATTRIBUTES.messagingSystem]: 'kafka',
        [ATTRIBUTES.destination]: topic,
        [ATTRIBUTES.operationName]: 'create',
        [ATTRIBUTES.operationType]: 'create',
      },
    })
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
  return {
    createOrder: (command) =>
      isKept()
        ? inSpan(command, (traced) => commands.createOrder(traced))
        : commands.createOrder(command),
    changeOrderStatus: (command) =>
      isKept()
        ? inSpan(command, (traced) => commands.changeOrderStatus(traced))
        : commands.changeOrderStatus(command),
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
