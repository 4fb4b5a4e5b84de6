import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import process from 'node:process'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseTlsMaterial } from '../../src/service/callers/tls-material.ts'
import { createAuthority } from '../support/certificates.ts'
import { startAnsweringServer } from '../support/answering-server.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startTestServer } from './harness.ts'

/** The health check of the image, against the whole HTTP server. */

const SCRIPT = fileURLToPath(new URL('../../src/health-check.ts', import.meta.url))

const DOWN = { status: 'down', since: new Date(0), reason: 'connection refused' } as const

function check(settings: Readonly<Record<string, string>>): Promise<[code: number, text: string]> {
  const { promise, resolve } = Promise.withResolvers<[number, string]>()
  const child = execFile(process.execPath, [SCRIPT], { env: settings }, (_error, stdout) =>
    resolve([child.exitCode ?? -1, stdout]),
  )
  return promise
}

async function listen(
  t: TestContext,
  deps: Parameters<typeof startTestServer>[1] = {},
): Promise<string> {
  const { server } = await startTestServer(t, deps)
  await server.listen({ host: '127.0.0.1', port: 0 })
  return String((server.server.address() as AddressInfo).port)
}

test('a service that is ready is healthy; one that is not says why', async (t) => {
  const ready = await listen(t)
  assert.deepEqual(await check({ API_PORT: ready }), [0, 'ready\n'])
  assert.deepEqual(await check({ API_PORT: ready, API_HOST: '0.0.0.0' }), [0, 'ready\n'])
  const [code, text] = await check({ API_PORT: await listen(t, { states: { kafka: DOWN } }) })
  assert.equal(code, 1)
  assert.match(text, /kafka is down: connection refused/)
})

test('a service with a certificate of its own is healthy, whatever name that has', async (t) => {
  const folder = await temporaryFolder(t)
  const authority = await createAuthority(folder)
  const issued = await authority.issue('orders', { altNames: 'DNS:orders.example' })
  const [cert, key, ca] = await Promise.all(
    [issued.certificateFile, issued.keyFile, authority.caFile].map((path) =>
      readFile(path, 'utf8'),
    ),
  )
  const material = parseTlsMaterial(cert ?? '', key ?? '')
  const tls = { current: () => material, onReplaced: () => {} }
  const settings = { API_TLS_CERT_FILE: issued.certificateFile }
  const port = await listen(t, { tls })
  assert.deepEqual(await check({ ...settings, API_PORT: port }), [0, 'ready\n'])

  const demanding = { ...tls, current: () => ({ ...material, ca }) }
  const closed = await listen(t, { tls: demanding })
  assert.equal((await check({ ...settings, API_PORT: closed }))[0], 1)
  const management = { MANAGEMENT_PORT: await listen(t), MANAGEMENT_HOST: '127.0.0.1' }
  assert.deepEqual(await check({ ...settings, API_PORT: closed, ...management }), [0, 'ready\n'])
})

test('nobody that answers is not healthy', async () => {
  const [code, text] = await check({ API_PORT: '1' })
  assert.deepEqual([code, text], [1, 'connect ECONNREFUSED 127.0.0.1:1\n'])
})

test('the text of another program in place of the service does not reach the terminal as it is', async () => {
  await using server = await startAnsweringServer()
  const text = '\u{1b}[2J\u{9b}31m\u{202e}ok\nready'
  server.parts = [Buffer.from(`HTTP/1.1 500 Wrong\r\nConnection: close\r\n\r\n${text}`)]
  const [code, printed] = await check({ API_PORT: new URL(server.url).port })
  assert.deepEqual([code, printed], [1, '\\u001b[2J\\u009b31m\\u202eok\\u000aready\n'])
})
