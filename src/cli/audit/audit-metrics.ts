import { createServer, type Server } from 'node:http'

/** What the audits so far have come to. */
export interface AuditNumbers {
  /** Of the last one that came to its end. */
  readonly differenceCount: number
  /** Seconds since 1970; 0: none has come to its end yet. */
  readonly completedAt: number
  readonly failureCount: number
}

interface AuditMetric {
  readonly name: `cart_audit_${string}`
  readonly type: 'gauge' | 'counter'
  readonly help: string
  readonly read: (numbers: AuditNumbers) => number
}

/** THE table of the metrics of `cart audit --watch`. */
export const AUDIT_METRICS: readonly AuditMetric[] = [
  {
    name: 'cart_audit_differences',
    type: 'gauge',
    help: 'Differences between topic and store that the last audit found.',
    read: ({ differenceCount }) => differenceCount,
  },
  {
    name: 'cart_audit_completed_timestamp_seconds',
    type: 'gauge',
    help: 'When the last audit came to its end, in seconds since 1970; 0 before the first.',
    read: ({ completedAt }) => completedAt,
  },
  {
    name: 'cart_audit_failures_total',
    type: 'counter',
    help: 'Audits that could not be made.',
    read: ({ failureCount }) => failureCount,
  },
]

const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** The text format of Prometheus. */
export function renderAuditMetrics(numbers: AuditNumbers): string {
  return AUDIT_METRICS.map(
    ({ name, type, help, read }) =>
      `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} ${read(numbers)}\n`,
  ).join('\n')
}

/** Some scrapers and a person. */
const CONNECTIONS_MAX = 16

/** Nothing but a head is expected, and it is not waited for. */
const REQUEST_TIMEOUT_MS = 5_000

/** Whatever is asked for, it answers these. */
export async function serveAuditMetrics(
  { host, port }: { readonly host: string; readonly port: number },
  numbers: () => AuditNumbers,
): Promise<AsyncDisposable & { readonly server: Server }> {
  const times = { headersTimeout: REQUEST_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS }
  const server = createServer(times, (_request, response) => {
    // The last one of its connection: so much and no more is at work for one.
    const headers = { 'content-type': CONTENT_TYPE, connection: 'close' }
    response.writeHead(200, headers).end(renderAuditMetrics(numbers()))
  })
  server.maxConnections = CONNECTIONS_MAX
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen({ host, port }, resolve)
  await promise
  return {
    server,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}
