/**
 * Spans around what the service does, at the ports that are there anyway. The service knows the API of
 * OpenTelemetry alone; without an SDK, which `node --import` may load before it, nothing is wrapped, and
 * nothing costs anything.
 */
import { propagation, trace } from '@opentelemetry/api'
import packageJson from '../package.json' with { type: 'json' }
import type { TraceRequest } from './api/trace-requests.ts'
import type { OrderCommands } from './business/order/commands.ts'
import type { EraseOrder, ErasedOrder } from './business/order/erase-order.ts'
import type { PublicationsDeps } from './business/publication/confirm-publication.ts'
import type { EventPublisher } from './business/publication/publisher-port.ts'
import type { LaneSession } from './service/kafka/lane/session.ts'
import { traceChange, traceCommands } from './service/tracing/traced-commands.ts'
import { traceRecovery, traceStore } from './service/tracing/traced-publication.ts'
import { traceRequest } from './service/tracing/traced-requests.ts'
import { traceSession } from './service/tracing/traced-session.ts'

type Erase = (command: EraseOrder) => Promise<ErasedOrder>

interface Tracing {
  readonly commands: (commands: OrderCommands) => OrderCommands
  readonly erasure: (erase: Erase) => Erase
  readonly publisher: (publisher: EventPublisher) => EventPublisher
  readonly store: (store: PublicationsDeps['store']) => PublicationsDeps['store']
  readonly session: (session: LaneSession, partition: number) => LaneSession
  readonly request: TraceRequest | undefined
}

const UNTRACED: Tracing = {
  commands: (commands) => commands,
  erasure: (erase) => erase,
  publisher: (publisher) => publisher,
  store: (store) => store,
  session: (session) => session,
  request: undefined,
}

export function composeTracing(topic: string): Tracing {
  // An SDK brings a propagator, which reads the callers' headers; the API alone has none.
  if (propagation.fields().length === 0) return UNTRACED
  const tracer = trace.getTracer(packageJson.name, packageJson.version)
  return {
    commands: (commands) => traceCommands(commands, tracer, topic),
    erasure: (erase) => traceChange(erase, tracer, topic),
    publisher: (publisher) => traceRecovery(publisher, tracer, topic),
    store: (store) => traceStore(store, tracer),
    session: (session, partition) => traceSession(session, tracer, topic, partition),
    request: (request, next) => traceRequest(tracer, request, next),
  }
}
