import assert from 'node:assert/strict'
import process from 'node:process'
import { suite, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { playInputs } from '../fuzz/fuzz-target.ts'
import {
  answer,
  PAIR_SCHEMA,
  registryAnswers,
  reply,
  withClient,
} from '../fuzz/registry-answers.ts'
import { startAnsweringServer } from '../support/answering-server.ts'

/**
 * A registry that answers anything. Whatever its bytes are, a question ends within its time, with an
 * answer or a RegistryError. `CART_FUZZ_RUNS=100000` plays more, and so does `npm run fuzz`.
 */
const RUNS = Number(process.env['CART_FUZZ_RUNS'] ?? 400)
const SEED = 11

suite('a registry that answers anything', () => {
  test('an answer that unpacks to more than a registry has is not read', async () => {
    await using server = await startAnsweringServer()
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024))
    server.parts = [reply(bomb, ['content-encoding: gzip'])]
    const asked = withClient(server.url, (client) => client.schemaById(9))
    await assert.rejects(asked, /answered with more than 1048576 bytes/u)
  })

  test('a right answer is read', async () => {
    await using server = await startAnsweringServer()
    server.parts = [answer({ schema: PAIR_SCHEMA, schemaType: 'AVRO' })]
    const found = await withClient(server.url, (client) => client.schemaById(9))
    assert.equal(found?.text, PAIR_SCHEMA)
  })

  test(
    'harmed answers are an error of the registry, or an answer',
    { timeout: 600_000 },
    async () => {
      const { failure } = await playInputs(registryAnswers, { inputs: RUNS, seed: SEED })
      assert.equal(failure, undefined)
    },
  )
})
