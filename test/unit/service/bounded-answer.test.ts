import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { AnswerTooLarge, readBounded } from '../../../src/service/bounded-answer.ts'
import { BOUNDED_BYTES, startEndlessServer } from '../../support/endless-server.ts'

async function ask(t: TestContext, answer: RequestListener): Promise<Response> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  return fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
}

test('an answer of as much as it may have is its text', async (t) => {
  const response = await ask(t, (_request, answer) => answer.end('größer'))
  assert.equal(await readBounded(response, 8), 'größer')
})

test('an answer is counted as it is unpacked', async (t) => {
  const response = await ask(t, (_request, answer) =>
    answer.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(1_000_000))),
  )
  await assert.rejects(readBounded(response, 999_999), {
    name: 'AnswerTooLarge',
    message: 'its answer has more than 999999 bytes',
  })
})

test('an answer without end is left where it is too large', async (t) => {
  const server = await startEndlessServer(t)
  await assert.rejects(readBounded(await fetch(server.url), 100_000), AnswerTooLarge)
  assert.ok((await server.left()) < BOUNDED_BYTES)
})
