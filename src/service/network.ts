import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import process from 'node:process'

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

/** A server that listens on the first address is reached by the others, too. */
const ALSO_REACHED_AT: Readonly<Record<string, readonly string[]>> = {
  '0.0.0.0': ['127.0.0.1'],
  '::': ['0.0.0.0', '127.0.0.1', '::1'],
}

/**
 * Makes the address this process's own, before it listens there, until it is disposed. Rejects as a
 * server's `listen` does where the address is taken or not ours. Nothing listens there meanwhile, so a
 * client that comes now is refused, and knows that its request never left.
 *
 * To look is not enough: on Linux the service listens with queues that share the port, so two starts
 * that have both found it free would both get it. There the name of the address is taken, too, as a
 * socket that is in no folder: it is gone with the process, and each container has its own, as with
 * ports. Elsewhere nothing shares a port, and the second one to listen fails.
 */
export async function claimAddress(host: string, port: number): Promise<AsyncDisposable> {
  const claim = new AsyncDisposableStack()
  try {
    for (const address of port === 0 ? [] : await addressesOf(host)) {
      claim.use(await takeName(address, port))
    }
    const probe = createServer()
    await once(probe.listen({ host, port }), 'listening')
    await probe[Symbol.asyncDispose]()
    return claim
  } catch (error) {
    await claim.disposeAsync()
    throw error
  }
}

/** In an order that all starts have: of two that want the same, one gets the first. */
async function addressesOf(host: string): Promise<readonly string[]> {
  if (process.platform !== 'linux') return []
  // A name that leads nowhere is for `listen` to refuse.
  const found = await lookup(host, { all: true }).catch(() => [])
  const addresses = found.flatMap(({ address }) => [address, ...(ALSO_REACHED_AT[address] ?? [])])
  return [...new Set(addresses)].toSorted()
}

async function takeName(address: string, port: number): Promise<AsyncDisposable> {
  const holder = createServer((socket) => socket.destroy())
  try {
    await once(holder.listen(`\0cart-service:${address}:${port}`), 'listening')
    return holder
  } catch (error) {
    if (codeOf(error) !== 'EADDRINUSE') throw error
    const message = `listen EADDRINUSE: address already in use ${address}:${port}`
    throw Object.assign(new Error(message), { code: 'EADDRINUSE' })
  }
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}
