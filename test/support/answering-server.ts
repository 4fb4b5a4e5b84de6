import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'

/** Says the same bytes on every connection, whatever is asked, and ends it. */
export interface AnsweringServer extends AsyncDisposable {
  readonly url: string
  parts: readonly Buffer[]
}

export async function startAnsweringServer(): Promise<AnsweringServer> {
  const sockets = new Set<Socket>()
  const listener = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    socket.once('data', () => {
      for (const bytes of server.parts) if (bytes.length > 0) socket.write(bytes)
      socket.end()
    })
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  const server: AnsweringServer = {
    url: `http://127.0.0.1:${port}`,
    parts: [],
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      listener.close()
      await once(listener, 'close')
    },
  }
  return server
}
