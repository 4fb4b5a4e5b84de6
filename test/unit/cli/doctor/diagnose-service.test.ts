import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diagnoseService } from '../../../../src/cli/doctor/diagnose-service.ts'
import { loadConfig } from '../../../../src/config/config.ts'
import { startAnsweringServer } from '../../../support/answering-server.ts'
import { BOUNDED_BYTES, startEndlessServer } from '../../../support/endless-server.ts'

async function sayOf(url: string): Promise<string> {
  const { port } = new URL(url)
  const { detail } = await diagnoseService(loadConfig({ API_HOST: '127.0.0.1', API_PORT: port }))
  return detail.replace(url, '<url>')
}

const OTHER = '<url> is answered by something else than CartService'

test('an answer without end is no service', async (t) => {
  const server = await startEndlessServer(t)
  assert.equal(await sayOf(server.url), OTHER)
  assert.ok((await server.left()) < BOUNDED_BYTES)
})

for (const body of ['null', '[]', '7', '{"service":"Another"}', '<html>']) {
  test(`${body} is no answer of the service`, async (t) => {
    const server = await startAnsweringServer()
    t.after(() => server[Symbol.asyncDispose]())
    const head = `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`
    server.parts = [Buffer.from(head + body)]
    assert.equal(await sayOf(server.url), OTHER)
  })
}
