import assert from 'node:assert/strict'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { test } from 'node:test'
import { startTestServer } from './harness.ts'

const FILES = [
  '/redoc/redoc.standalone.js',
  '/docs/static/swagger-ui-bundle.js',
  '/docs/static/swagger-ui.css',
  '/docs/static/favicon-32x32.png',
  '/console',
  '/console/app.ts',
  '/console/palette.css',
  '/console/inter.woff2',
]

function refuse(): never {
  throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' })
}

test('the pages are there when the process may open no file any more', async (t) => {
  const { server } = await startTestServer(t)
  // What answers, and what is loaded for it, is there by then; the pages are not asked for yet.
  await server.inject('/')
  for (const name of ['open', 'openSync', 'readFileSync', 'createReadStream'] as const) {
    t.mock.method(fs, name, refuse)
  }
  syncBuiltinESMExports()
  try {
    for (const file of FILES) assert.equal((await server.inject(file)).statusCode, 200, file)
  } finally {
    t.mock.restoreAll()
    syncBuiltinESMExports()
  }
})

test('a page that did not change is not sent again', async (t) => {
  const { server } = await startTestServer(t)
  for (const url of FILES) {
    const { headers, statusCode } = await server.inject(url)
    assert.equal(statusCode, 200, url)
    assert.equal(headers['cache-control'], 'no-cache')
    const etag = String(headers.etag)
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, `${etag.slice(0, -1)}-gzip"`]) {
      const again = await server.inject({ url, headers: { 'if-none-match': known } })
      assert.deepEqual([again.statusCode, again.body], [304, ''], `${url} ${known}`)
    }
  }
})
