import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import type { Attack, Place } from './harness.ts'
import { runTool } from './tools.ts'

/** A registry answers anything, and then what it should: the service gets ready, and holds little. */

const MEBIBYTE = 1024 * 1024

type Answer = (response: ServerResponse) => void

const HOSTILE: ReadonlyArray<readonly [what: string, answer: Answer]> = [
  ['100 MiB', (response) => response.end(Buffer.alloc(100 * MEBIBYTE, ' '))],
  [
    'gzip of 512 MiB',
    (response) => {
      response.setHeader('content-encoding', 'gzip')
      response.end(bomb())
    },
  ],
  ['100,000 brackets', (response) => response.end('['.repeat(100_000))],
  ['no JSON', (response) => response.end('\u{1b}[2Jnothing')],
  ['an id of 2⁵³', (response) => response.end(JSON.stringify({ id: 2 ** 53, schema: {} }))],
  ['a broken head', (response) => response.socket?.end('HTTP/1.1 2OO \0\r\n\r\n')],
]

let bombBytes: Buffer | undefined

function bomb(): Buffer {
  bombBytes ??= gzipSync(Buffer.alloc(512 * MEBIBYTE))
  return bombBytes
}

export const registryAnswers: Attack = {
  name: 'registry-answers',
  about: 'a registry answers with bombs and nonsense',
  async run(place) {
    const registry = await startHostileRegistry(place)
    await place.start({ SCHEMA_REGISTRY_URL: registry.url })
    const settings = { ...place.settings, SCHEMA_REGISTRY_URL: registry.url }
    let peakMegabytes = 0
    const faults: string[] = []
    const codes: string[] = []
    for (const tool of [
      ['doctor'],
      ['schema', 'check'],
      ['listen', '--from-beginning', '--exit-at-end'],
    ]) {
      registry.beHostile()
      const run = await runTool(tool, settings)
      peakMegabytes = Math.max(peakMegabytes, run.peakMegabytes)
      codes.push(`${tool.join(' ')} → ${run.code}`)
      if (run.code === null) faults.push(`cart ${tool.join(' ')} did not end by itself`)
      if ((run.stdout + run.stderr).includes('\u{1b}[2J')) faults.push('a terminal was reached')
    }
    const sent = HOSTILE.map(([what]) => what).join(', ')
    return { sent, cameBack: `ready; ${codes.join(', ')}`, faults, peakMegabytes }
  },
}

/** Each hostile answer once, then those of the real one. */
async function startHostileRegistry(
  place: Place,
): Promise<{ readonly url: string; beHostile(): void }> {
  const real = place.settings['SCHEMA_REGISTRY_URL'] ?? ''
  let waiting = [...HOSTILE]
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request)
    const hostile = waiting.shift()
    if (hostile !== undefined) return hostile[1](response)
    const asked = await fetch(real + (request.url ?? ''), {
      method: request.method ?? 'GET',
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      ...(body !== '' && { body }),
    })
    response.writeHead(asked.status, { 'content-type': 'application/json' })
    response.end(await asked.text())
  }
  const server = createServer((request, response) => void answer(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  place.resources.defer(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    beHostile() {
      waiting = [...HOSTILE]
    },
  }
}
