import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

export interface EndlessServer {
  readonly url: string
  /** Resolves when a client has ended its connection, with the bytes that were written to it. */
  readonly left: () => Promise<number>
}

const PART = Buffer.alloc(64 * 1024, ' ')

/** More than any bound of an answer that is read here, with what the sockets hold. */
export const BOUNDED_BYTES = 32 * 1024 * 1024

/** Answers every request with 200 and spaces, without end, as long as the client takes them. */
export async function startEndlessServer(
  t: TestContext,
  contentType = 'application/json',
): Promise<EndlessServer> {
  const left = Promise.withResolvers<number>()
  let written = 0
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': contentType })
    const send = (): void => {
      for (let hasRoom = true; hasRoom && !response.destroyed; written += PART.length) {
        hasRoom = response.write(PART)
      }
    }
    response.on('drain', send).on('close', () => left.resolve(written))
    send()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, left: () => left.promise }
}
