import { once } from 'node:events'
import { connect, type AddressInfo, type Server, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { until } from '../support/until.ts'
import { startTestServer, type TestServer } from './harness.ts'

/** A connection whose bytes the test chooses, and all that came back on it. */
export interface RawClient {
  readonly socket: Socket
  readonly send: (text: string) => void
  readonly text: () => string
  /** Of the answers that came, in their order. */
  readonly statuses: () => readonly number[]
  /** Waits for so many answers. */
  readonly answers: (count: number) => Promise<readonly number[]>
  /** Waits until the server has ended the connection. */
  readonly ended: () => Promise<string>
}

export interface RawServer extends TestServer {
  readonly open: () => Promise<RawClient>
  /** Connections that the server has open. */
  readonly connectionCount: () => Promise<number>
}

export async function startRawServer(
  t: TestContext,
  deps: Parameters<typeof startTestServer>[1] = {},
): Promise<RawServer> {
  const clients = clientsOf(t)
  const testServer = await startTestServer(t, deps)
  const { server } = testServer
  await server.listen({ host: '127.0.0.1', port: 0 })
  return {
    ...testServer,
    open: () => openClient(clients, server.server),
    connectionCount: () =>
      new Promise((resolve, reject) => {
        server.server.getConnections((error, count) => (error ? reject(error) : resolve(count)))
      }),
  }
}

/** Connections to a server that listens, or is about to. */
export async function openRawClients(
  t: TestContext,
  server: Server,
): Promise<() => Promise<RawClient>> {
  const clients = clientsOf(t)
  if (!server.listening) await once(server, 'listening')
  return () => openClient(clients, server)
}

/** Closed before the server is, which waits for its connections: call it first. */
function clientsOf(t: TestContext): Socket[] {
  const clients: Socket[] = []
  t.after(() => {
    for (const client of clients) client.destroy()
  })
  return clients
}

async function openClient(clients: Socket[], server: Server): Promise<RawClient> {
  const { port } = server.address() as AddressInfo
  const socket = connect({ host: '127.0.0.1', port })
  clients.push(socket)
  await once(socket, 'connect')
  return createRawClient(socket)
}

function createRawClient(socket: Socket): RawClient {
  const chunks: Buffer[] = []
  let hasEnded = false
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.on('error', () => undefined)
  socket.on('close', () => {
    hasEnded = true
  })
  const text = (): string => Buffer.concat(chunks).toString('latin1')
  const statuses = (): number[] =>
    [...text().matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))
  return {
    socket,
    send: (bytes) => void socket.write(bytes),
    text,
    statuses,
    async answers(count) {
      await until(
        () => statuses().length >= count,
        () => `${count} answers come, ${statuses().length} came`,
      )
      return statuses()
    },
    async ended() {
      await until(() => hasEnded, 'the connection ends')
      return text()
    },
  }
}

export function getText(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: cart\r\n\r\n`
}

/** A request with a credential. */
export function asCaller(text: string): string {
  return text.replace('Host:', 'Authorization: Bearer one\r\nHost:')
}

export function createText(orderId: string): string {
  const body = JSON.stringify({ orderId, numItems: 1 })
  return [
    'POST /api/create-order HTTP/1.1',
    'Host: cart',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n')
}
