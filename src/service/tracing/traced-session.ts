import { SpanKind, SpanStatusCode, type Link, type Span, type Tracer } from '@opentelemetry/api'
import type { LaneEntry } from '../kafka/lane/entry.ts'
import type { LaneSession, SendAnswer } from '../kafka/lane/session.ts'
import { ATTRIBUTES } from './attributes.ts'
import { contextOf, readSampled } from './trace-context.ts'

/** Of one batch, which may have 500 events: an SDK keeps 128 if it is not told otherwise. */
const LINKS_MAX = 128

/**
 * The same session; each Produce request with a sampled event is a span, linked to all its sampled events.
 * It is below the first of them, so that it is kept where that is; with none there is no span.
 */
export function traceSession(
  session: LaneSession,
  tracer: Tracer,
  topic: string,
  partition: number,
): LaneSession {
  function begin(entries: readonly LaneEntry[], isFirst: boolean): Span | undefined {
    const links = linksOf(entries)
    const [first] = links
    if (first === undefined) return undefined
    const attributes = {
      [ATTRIBUTES.messagingSystem]: 'kafka',
      [ATTRIBUTES.destination]: topic,
      [ATTRIBUTES.partition]: String(partition),
      [ATTRIBUTES.operationName]: isFirst ? 'send' : 'send again',
      [ATTRIBUTES.operationType]: 'send',
      [ATTRIBUTES.batchCount]: entries.length,
    }
    const options = { kind: SpanKind.CLIENT, attributes, links }
    return tracer.startSpan(`send ${topic}`, options, contextOf(first.context))
  }
  return {
    open: () => session.open(),
    ask: (producers) => session.ask(producers),
    look: (...args) => session.look(...args),
    abandonLeader: () => session.abandonLeader(),
    close: () => session.close(),
    send(entries, numbers, isFirst) {
      const span = begin(entries, isFirst)
      const sending = session.send(entries, numbers, isFirst)
      return span === undefined ? sending : endWith(span, sending)
    },
  }
}

async function endWith(span: Span, sending: Promise<SendAnswer>): Promise<SendAnswer> {
  try {
    const answer = await sending
    noteAnswer(span, answer)
    return answer
  } finally {
    span.end()
  }
}

function linksOf(entries: readonly LaneEntry[]): Link[] {
  const links: Link[] = []
  for (const { pending } of entries) {
    const { eventId, traceparent } = pending.event
    const context = readSampled(traceparent)
    if (context === undefined) continue
    links.push({ context, attributes: { [ATTRIBUTES.messageId]: eventId } })
    if (links.length === LINKS_MAX) break
  }
  return links
}

function noteAnswer(span: Span, answer: SendAnswer): void {
  if (answer.kind === 'acked') {
    span.setAttribute(ATTRIBUTES.offset, answer.baseOffset)
    return
  }
  span.setAttribute(ATTRIBUTES.errorType, answer.reason)
  span.setStatus({ code: SpanStatusCode.ERROR })
}
