import { once } from 'node:events'
import { connect, type AddressInfo, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { until } from '../support/until.ts'
import { startTestServer, type TestServer } from './harness.ts'

/** A connection whose bytes the test chooses, and all that came back on it. */
export interface RawClient {
  readonly socket: Socket
  send(text: string): void
  text(): string
  /** Of the answers that came, in their order. */
  statuses(): readonly number[]
  /** Waits for so many answers. */
  answers(count: number): Promise<readonly number[]>
  /** Waits until the server has ended the connection. */
  ended(): Promise<string>
}

export interface RawServer extends TestServer {
  open(): Promise<RawClient>
  /** Connections that the server has open. */
  connectionCount(): Promise<number>
}

export async function startRawServer(
  t: TestContext,
  deps: Parameters<typeof startTestServer>[1] = {},
): Promise<RawServer> {
  const testServer = await startTestServer(t, deps)
  const { server } = testServer
  await server.listen({ host: '127.0.0.1', port: 0 })
  const { port } = server.server.address() as AddressInfo
  const clients: Socket[] = []
  t.after(() => {
    for (const client of clients) client.destroy()
  })
  return {
    ...testServer,
    async open() {
      const socket = connect({ host: '127.0.0.1', port })
      clients.push(socket)
      await once(socket, 'connect')
      return createRawClient(socket)
    },
    connectionCount: () =>
      new Promise((resolve, reject) => {
        server.server.getConnections((error, count) => (error ? reject(error) : resolve(count)))
      }),
  }
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
