import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import process from 'node:process'
import { after, before, suite, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { createRegistryClient } from '../../src/service/schema-registry/client.ts'
import { RegistryError } from '../../src/service/schema-registry/registry-error.ts'
import { createRecordDecoder } from '../../src/service/schema-registry/record-decoder.ts'
import { systemClock } from '../../src/service/system.ts'
import { applyHarm, HARM } from '../support/harm.ts'

/**
 * A registry that answers anything. Whatever its bytes are, a question ends within its time, with an
 * answer or a RegistryError. `CART_FUZZ_RUNS=100000` plays more.
 */
const RUNS = Number(process.env['CART_FUZZ_RUNS'] ?? 400)
const TIMEOUT_MS = 10_000

const RECORD = Buffer.from('0000000009024114', 'hex')

function answer(body: unknown, headers: readonly string[] = []): Buffer {
  return reply(Buffer.from(JSON.stringify(body)), headers)
}

function reply(body: Buffer, headers: readonly string[] = []): Buffer {
  const head = [
    'HTTP/1.1 200 OK',
    'content-type: application/vnd.schemaregistry.v1+json',
    `content-length: ${body.length}`,
    'connection: close',
    ...headers,
  ]
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body])
}

const SCHEMA = JSON.stringify({
  type: 'record',
  name: 'Pair',
  fields: [
    { name: 'one', type: 'string' },
    { name: 'two', type: 'int' },
  ],
})

const ANSWERS = [
  answer({ schema: SCHEMA, schemaType: 'AVRO' }),
  answer({ id: 9, version: 1, subject: 's', schema: SCHEMA }),
  answer([1, 2, 3]),
  answer({ is_compatible: false, messages: ['no', 'and no'] }),
  answer({ compatibilityLevel: 'FULL_TRANSITIVE' }),
]

suite('a registry that answers anything', () => {
  const sockets = new Set<Socket>()
  const uncaught: unknown[] = []
  const note = (error: unknown): void => void uncaught.push(error)
  let parts: readonly Buffer[] = []
  let url = ''

  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    socket.once('data', () => {
      for (const bytes of parts) if (bytes.length > 0) socket.write(bytes)
      socket.end()
    })
  })

  before(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
    process.on('uncaughtException', note)
    process.on('unhandledRejection', note)
  })
  after(async () => {
    process.off('uncaughtException', note)
    process.off('unhandledRejection', note)
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })

  const withClient = async <Value>(
    use: (client: ReturnType<typeof createRegistryClient>) => Promise<Value>,
  ): Promise<Value> => {
    const clock = { ...systemClock, sleep: () => Promise.resolve() }
    const client = createRegistryClient({ baseUrl: url, timeoutMs: TIMEOUT_MS, clock })
    try {
      return await use(client)
    } finally {
      client.close()
    }
  }

  test('an answer that unpacks to more than a registry has is not read', async () => {
    parts = [reply(gzipSync(Buffer.alloc(64 * 1024 * 1024)), ['content-encoding: gzip'])]
    const asked = withClient((client) => client.schemaById(9))
    await assert.rejects(asked, /answered with more than 1048576 bytes/u)
  })

  test('a right answer is read', async () => {
    parts = [ANSWERS[0] ?? Buffer.alloc(0)]
    assert.equal((await withClient((client) => client.schemaById(9)))?.text, SCHEMA)
  })

  test(
    'harmed answers are an error of the registry, or an answer',
    { timeout: 600_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.constantFrom(...ANSWERS), HARM, async (bytes, harm) => {
          parts = applyHarm(bytes, harm)
          await withClient(async (client) => {
            const questions = [
              client.schemaById(9),
              client.lookUp('s', SCHEMA),
              client.register('s', SCHEMA),
              client.listVersions('s'),
              client.schemaOfVersion('s', 1),
              client.checkCompatibility('s', SCHEMA),
            ]
            for (const settled of await Promise.allSettled(questions)) {
              if (settled.status === 'rejected') assert.ok(settled.reason instanceof RegistryError)
            }
            await createRecordDecoder({ client, clock: systemClock })(RECORD)
          })
          assert.deepEqual(uncaught, [])
        }),
        { numRuns: RUNS },
      )
    },
  )
})
