import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** As OTLP has it in JSON, as far as it is looked at. */
export interface Span {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  /** Nanoseconds since 1970, in digits. */
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly links?: ReadonlyArray<{ readonly traceId: string; readonly spanId: string }>
  readonly attributes?: readonly Attribute[]
  /** 2 is an error. */
  readonly status?: { readonly code?: number }
}

interface Attribute {
  readonly key: string
  readonly value: { readonly stringValue?: string; readonly intValue?: number | string }
}

interface OtlpTraces {
  readonly resourceSpans: ReadonlyArray<{
    readonly resource?: { readonly attributes?: readonly Attribute[] }
    readonly scopeSpans: ReadonlyArray<{ readonly spans: readonly Span[] }>
  }>
}

export interface ReceivedSpan extends Span {
  /** The `service.name` of the process that sent it. */
  readonly service: string
}

export interface OtlpReceiver extends Disposable {
  readonly url: string
  readonly spans: readonly ReceivedSpan[]
}

/** Takes spans by OTLP over HTTP, in JSON, and keeps them. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = []
  const server = createServer((request, response) => {
    const take = (body: string): void => {
      spans.push(...readSpans(JSON.parse(body) as OtlpTraces))
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    }
    // A body that breaks off: its sender was killed, or the test is over and closes the receiver.
    void text(request).then(take, () => {})
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    [Symbol.dispose]() {
      server.close()
      server.closeAllConnections()
    },
  }
}

export function textOf({ attributes = [] }: Pick<Span, 'attributes'>, key: string): string {
  const value = attributes.find((attribute) => attribute.key === key)?.value
  return String(value?.stringValue ?? value?.intValue ?? '')
}

function readSpans({ resourceSpans }: OtlpTraces): readonly ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource = {}, scopeSpans }) => {
    const service = textOf(resource, 'service.name')
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ ...span, service })))
  })
}
