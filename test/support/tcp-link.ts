import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { findFreePort } from '../../dev-services/ports.ts'

/** The way to a server, which can be harmed. `silent` swallows all that is said, on both sides. */
export interface TcpLink extends AsyncDisposable {
  readonly port: number
  set(state: 'open' | 'silent' | 'refused'): Promise<void>
  /** New connections lead to another server; those that are there end. */
  pointTo(serverPort: number): void
  /** What the client gets in place of what the server says; undefined: as it is. */
  harmAnswers(harm: ((chunk: Buffer) => Buffer) | undefined): void
}

function asItIs(chunk: Buffer): Buffer {
  return chunk
}

export async function openTcpLink(firstServerPort: number): Promise<TcpLink> {
  const port = await findFreePort()
  const sockets = new Set<Socket>()
  let isSilent = false
  let serverPort = firstServerPort
  let harm = asItIs

  const listener = createServer((client) => {
    const server = connect(serverPort, '127.0.0.1')
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(socket)
      socket.on('data', (chunk: Buffer) => {
        if (!isSilent) other.write(socket === server ? harm(chunk) : chunk)
      })
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
  })
  const listen = async (): Promise<void> => {
    listener.listen(port, '127.0.0.1')
    await once(listener, 'listening')
  }
  const hangUp = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    if (!listener.listening) return
    listener.close()
    await once(listener, 'close')
  }
  await listen()
  return {
    port,
    pointTo(nextPort) {
      serverPort = nextPort
      for (const socket of sockets) socket.destroy()
    },
    harmAnswers(next = asItIs) {
      harm = next
    },
    async set(state) {
      isSilent = state === 'silent'
      if (state === 'refused') await hangUp()
      else if (!listener.listening) await listen()
      // What was said in the silence is missing: a connection that lived through it is of no use.
      if (state === 'open') for (const socket of sockets) socket.destroy()
    },
    [Symbol.asyncDispose]: hangUp,
  }
}
