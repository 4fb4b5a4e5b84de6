import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'

/** Why the name does not lead to an address; undefined when it does. */
export async function lookupError(host: string): Promise<string | undefined> {
  try {
    await lookup(host)
    return undefined
  } catch (error) {
    return codeOf(error)
  }
}

/** Why no connection comes about; undefined when one does. It is closed at once. */
export function connectError(
  host: string,
  port: number,
  timeoutMs: number,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMs })
    const answer = (reason: string | undefined): void => {
      socket.destroy()
      resolve(reason)
    }
    socket.once('connect', () => answer(undefined))
    socket.once('timeout', () => answer(`no answer within ${timeoutMs} ms`))
    socket.once('error', (error) => answer(codeOf(error)))
  })
}

/**
 * Rejects as a server's `listen` does where the address is taken or not ours. Nothing listens there
 * afterwards, so a client that comes now is refused, and knows that its request never left.
 */
export async function assertCanListen(host: string, port: number): Promise<void> {
  const server = createServer()
  await once(server.listen({ host, port }), 'listening')
  await server[Symbol.asyncDispose]()
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}
