import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  createRegistryClient,
  type RegistryClient,
} from '../../src/service/schema-registry/client.ts'
import { createRecordDecoder } from '../../src/service/schema-registry/record-decoder.ts'
import { RegistryError } from '../../src/service/schema-registry/registry-error.ts'
import { systemClock } from '../../src/service/system.ts'
import { startAnsweringServer } from '../support/answering-server.ts'
import { applyHarm, HARM } from '../support/harm.ts'
import type { FuzzTarget } from './fuzz-target.ts'

/** Answers of a registry, harmed, to each of our questions: an answer, or a RegistryError. */

const TIMEOUT_MS = 10_000

const RECORD = Buffer.from('0000000009024114', 'hex')

export const PAIR_SCHEMA = JSON.stringify({
  type: 'record',
  name: 'Pair',
  fields: [
    { name: 'one', type: 'string' },
    { name: 'two', type: 'int' },
  ],
})

export function answer(body: unknown, headers: readonly string[] = []): Buffer {
  return reply(Buffer.from(JSON.stringify(body)), headers)
}

export function reply(body: Buffer, headers: readonly string[] = []): Buffer {
  const head = [
    'HTTP/1.1 200 OK',
    'content-type: application/vnd.schemaregistry.v1+json',
    `content-length: ${body.length}`,
    'connection: close',
    ...headers,
  ]
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body])
}

const ANSWERS = [
  answer({ schema: PAIR_SCHEMA, schemaType: 'AVRO' }),
  answer({ id: 9, version: 1, subject: 's', schema: PAIR_SCHEMA }),
  answer([1, 2, 3]),
  answer({ is_compatible: false, messages: ['no', 'and no'] }),
  answer({ compatibilityLevel: 'FULL_TRANSITIVE' }),
]

const QUESTIONS: ReadonlyArray<(client: RegistryClient) => Promise<unknown>> = [
  (client) => client.schemaById(9),
  (client) => client.lookUp('s', PAIR_SCHEMA),
  (client) => client.register('s', PAIR_SCHEMA),
  (client) => client.listVersions('s'),
  (client) => client.schemaOfVersion('s', 1),
  (client) => client.checkCompatibility('s', PAIR_SCHEMA),
  (client) => client.getSubjectCompatibility('s'),
  (client) => createRecordDecoder({ client, clock: systemClock })(RECORD),
]

/** A client that does not wait between its tries. */
export async function withClient<Value>(
  baseUrl: string,
  use: (client: RegistryClient) => Promise<Value>,
): Promise<Value> {
  const clock = { ...systemClock, sleep: () => Promise.resolve() }
  const client = createRegistryClient({ baseUrl, timeoutMs: TIMEOUT_MS, clock })
  try {
    return await use(client)
  } finally {
    client.close()
  }
}

export const registryAnswers: FuzzTarget = {
  name: 'answers of a registry',
  inputs: 10_000,
  async open() {
    const server = await startAnsweringServer()
    const questions = fc.constantFrom(...QUESTIONS)
    return {
      property: fc.asyncProperty(
        fc.constantFrom(...ANSWERS),
        HARM,
        questions,
        async (bytes, harm, ask) => {
          server.parts = applyHarm(bytes, harm)
          await withClient(server.url, ask).catch((error: unknown) =>
            assert.ok(error instanceof RegistryError, String(error)),
          )
        },
      ),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    }
  },
}
