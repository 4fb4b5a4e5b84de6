import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'

/** Where Apicurio keeps the API that Confluent's registry has at its root. */
const confluentApi = '/apis/ccompat/v7'

export interface RegistryProxy {
  close(): Promise<void>
}

/**
 * Puts Apicurio's Confluent API at `http://localhost:<port>/subjects`, where every Confluent client
 * and the default setting expect it; Apicurio's own paths pass through.
 * Rejects when the port cannot be listened on.
 */
export async function startRegistryProxy(
  port: number,
  registryPort: number,
): Promise<RegistryProxy> {
  const agent = new Agent({ keepAlive: true })
  const server = createServer((incoming, outgoing) => {
    forward(incoming, outgoing, registryPort, agent).catch(() => answerUnavailable(outgoing))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    close: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
      agent.destroy()
    },
  }
}

/** `/subjects` → `/apis/ccompat/v7/subjects`; `/apis/registry/v3` stays. */
export function toApicurioPath(path: string): string {
  return /^\/apis(?:[/?]|$)/.test(path) ? path : confluentApi + path
}

async function forward(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  registryPort: number,
  agent: Agent,
): Promise<void> {
  const upstream = request({
    agent,
    host: '127.0.0.1',
    port: registryPort,
    method: incoming.method,
    path: toApicurioPath(incoming.url ?? '/'),
    headers: withoutConnection(incoming.headers),
  })
  const answered = Promise.withResolvers<IncomingMessage>()
  upstream.once('response', answered.resolve)
  upstream.once('error', answered.reject)
  const [answer] = await Promise.all([answered.promise, pipeline(incoming, upstream)])
  outgoing.writeHead(answer.statusCode ?? 502, withoutConnection(answer.headers))
  await pipeline(answer, outgoing)
}

/** Keep-alive is agreed on each side of the proxy by itself. */
function withoutConnection<H extends { connection?: unknown }>(headers: H): Omit<H, 'connection'> {
  const { connection: _, ...rest } = headers
  return rest
}

function answerUnavailable(outgoing: ServerResponse): void {
  if (outgoing.headersSent) {
    outgoing.destroy()
    return
  }
  // Confluent's shape and its code for a backend that cannot be reached.
  outgoing.writeHead(503, { 'content-type': 'application/json' })
  outgoing.end(JSON.stringify({ error_code: 50003, message: 'The registry does not answer.' }))
}
