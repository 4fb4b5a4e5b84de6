import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { stripTypeScriptTypes } from 'node:module'
import { test } from 'node:test'
import { SAMPLE_REQUESTS, type CodeSample } from '../../src/api/code-samples.ts'
import { createFakeQueries, startTestServer } from './harness.ts'

interface OpenApi {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<
        Record<string, { readonly operationId: string; readonly 'x-codeSamples': CodeSample[] }>
      >
    >
  >
}

test('shows how to call every operation, in programs that parse', async (t) => {
  const { server } = await startTestServer(t)
  const response = await server.inject({ url: '/openapi.json', headers: { host: 'cart:81' } })
  const { paths } = response.json<OpenApi>()
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods))
  assert.equal(operations.length, Object.keys(SAMPLE_REQUESTS).length)
  for (const { operationId, 'x-codeSamples': samples } of operations) {
    assert.deepEqual(
      samples.map(({ label }) => label),
      ['curl', 'JavaScript', 'Python'],
      operationId,
    )
    const [curl = '', javaScript = '', python = ''] = samples.map(({ source }) => source)
    const { status, stderr } = spawnSync('bash', ['-n'], { input: curl, encoding: 'utf8' })
    assert.equal(status, 0, `${operationId}: ${stderr}`)
    assert.doesNotThrow(() => stripTypeScriptTypes(javaScript), operationId)
    // Decoded, the lines of a stream would end at characters of the texts, too.
    assert.doesNotMatch(python, /decode_unicode|\.text\b/, operationId)
    for (const source of [curl, javaScript, python]) assert.match(source, /http:\/\/cart:81\//)
  }
})

test('sends in every sample what the operation takes', async (t) => {
  const { server } = await startTestServer(t, { queries: createFakeQueries() })
  for (const [operationId, request] of Object.entries(SAMPLE_REQUESTS)) {
    if (request.isStream) continue
    const { statusCode, body } = await server.inject({
      method: request.method,
      url: request.path,
      ...(request.body && { payload: request.body }),
    })
    assert.ok(statusCode < 300, `${operationId}: ${statusCode} ${body}`)
  }
})

test('lets nobody write into the document by a Host header', async (t) => {
  const { server } = await startTestServer(t)
  const headers = { host: 'x"y' }
  const response = await server.inject({ url: '/openapi.json', headers })
  assert.doesNotThrow(() => response.json())
  assert.ok(!response.body.includes('x\\"y') && !response.body.includes('x"y'))
})
