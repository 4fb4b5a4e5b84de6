import { randomInt } from 'node:crypto'
import { createServer, connect, type Server } from 'node:net'

const connectTimeoutMs = 1_000
/** A listener on either address is what `localhost` may reach. */
const loopbackAddresses = ['127.0.0.1', '::1']

/** Linux gives ports from the second one up to connections: one of those could be taken before it is used. */
const portsOfServers = [10_000, 32_768] as const
const triesMax = 100

/** A TCP port of this machine that nothing listens on now. */
export async function findFreePort(): Promise<number> {
  for (let tries = 0; tries < triesMax; tries += 1) {
    const port = randomInt(...portsOfServers)
    if ((await listenError('127.0.0.1', port)) === undefined) return port
  }
  throw new Error(`none of ${triesMax} ports below ${portsOfServers[1]} is free`)
}

/** Whether something accepts connections on this port of localhost, over IPv4 or IPv6. */
export async function isListening(port: number): Promise<boolean> {
  const answers = await Promise.all(loopbackAddresses.map((host) => accepts(host, port)))
  return answers.includes(true)
}

/**
 * Why a server could not listen on `host` and `port`: `EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL` and
 * the like. Undefined when it could.
 */
export async function listenError(host: string, port: number): Promise<string | undefined> {
  if (await isListening(port)) return 'EADDRINUSE'
  const server = createServer()
  try {
    await listen(server, port, host)
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  } finally {
    await close(server)
  }
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: connectTimeoutMs })
    const answer = (isAccepted: boolean): void => {
      socket.destroy()
      resolve(isAccepted)
    }
    socket.once('connect', () => answer(true))
    socket.once('timeout', () => answer(false))
    socket.once('error', () => answer(false))
  })
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
  })
}
