import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { countPartitions, isKafka, isSchemaRegistry } from '../../../dev-services/probes.ts'
import { startAnsweringServer } from '../../support/answering-server.ts'
import { BOUNDED_BYTES, startEndlessServer } from '../../support/endless-server.ts'

/** Whatever listens where Kafka or a registry is looked for. */

async function listen(t: TestContext, ...parts: readonly Buffer[]): Promise<number> {
  const server = await startAnsweringServer()
  t.after(() => server[Symbol.asyncDispose]())
  server.parts = parts
  return Number(new URL(server.url).port)
}

function frame(length: number): Buffer {
  const bytes = Buffer.alloc(64)
  bytes.writeInt32BE(length, 0)
  return bytes
}

for (const [name, bytes] of [
  ['a web server', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ['an answer of a negative length', frame(-5)],
  ['an answer of 2 GiB', frame(2 ** 31 - 1)],
  ['an answer to another question', frame(60)],
] as const) {
  test(`${name} is no Kafka, and harms nobody`, async (t) => {
    const port = await listen(t, bytes)
    assert.equal(await isKafka('127.0.0.1', port), false)
    assert.equal(await countPartitions('127.0.0.1', port, 'order-events'), undefined)
  })
}

test('an answer without end is no registry', async (t) => {
  const server = await startEndlessServer(t)
  assert.equal(await isSchemaRegistry(server.url), false)
  assert.ok((await server.left()) < BOUNDED_BYTES)
})
