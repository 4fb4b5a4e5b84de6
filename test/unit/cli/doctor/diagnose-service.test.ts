import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { diagnoseService } from '../../../../src/cli/doctor/diagnose-service.ts'
import { loadConfig } from '../../../../src/config/config.ts'
import { createTlsServer } from '../../../../src/api/security/tls-server.ts'
import { startAnsweringServer } from '../../../support/answering-server.ts'
import { createAuthority } from '../../../support/certificates.ts'
import { BOUNDED_BYTES, startEndlessServer } from '../../../support/endless-server.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

async function sayOf(url: string, settings: Settings = {}): Promise<string> {
  const { port } = new URL(url)
  const address = { API_HOST: '127.0.0.1', API_PORT: port }
  const { detail } = await diagnoseService(loadConfig({ ...address, ...settings }))
  return detail.replace(/https?:\/\/127\.0\.0\.1:\d+/, '<url>')
}

type Settings = Readonly<Record<string, string>>

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

const CHALLENGES: readonly (readonly [string, string])[] = [
  ['', '<url>, and shows its health to the scope admin alone'],
  [', error="insufficient_scope"', '<url>, and shows its health to the scope admin alone'],
  [', error="invalid_token"', '<url>, and does not take the credential of API_CREDENTIAL'],
]

for (const [more, expected] of CHALLENGES) {
  test(`a challenge with '${more}' says: ${expected}`, async (t) => {
    const server = await startAnsweringServer()
    t.after(() => server[Symbol.asyncDispose]())
    const challenge = `www-authenticate: Bearer realm="cart-service"${more}`
    server.parts = [Buffer.from(`HTTP/1.1 401 No\r\n${challenge}\r\ncontent-length: 0\r\n\r\n`)]
    assert.equal(await sayOf(server.url, { API_CREDENTIAL: 'hush' }), `runs at ${expected}`)
  })
}

test('a service that does not trust this command, or is not trusted, is not another program', async (t) => {
  const authority = await createAuthority(await temporaryFolder(t))
  const { certificateFile, keyFile } = await authority.issue('api', { altNames: 'DNS:api.example' })
  const [cert, key, ca] = await Promise.all(
    [certificateFile, keyFile, authority.caFile].map((path) => readFile(path, 'utf8')),
  )
  for (const [clientCaFile, reason] of [
    [
      '',
      'the certificate of the service is from nobody whom NODE_EXTRA_CA_CERTS names (UNABLE_TO_VERIFY_LEAF_SIGNATURE)',
    ],
    [authority.caFile, 'it hears clients with a certificate alone'],
  ] as const) {
    const identity = {
      current: () => ({ cert: cert ?? '', key: key ?? '', ca: clientCaFile ? ca : undefined }),
      onReplaced: () => undefined,
    }
    const server = createTlsServer({}, identity)
    t.after(() => server.close())
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const config = loadConfig({
      API_HOST: '127.0.0.1',
      API_PORT: String((server.address() as AddressInfo).port),
      API_TLS_CERT_FILE: certificateFile,
      API_TLS_KEY_FILE: keyFile,
      ...(clientCaFile && { API_TLS_CLIENT_CA_FILE: clientCaFile }),
    })
    const { verdict, detail } = await diagnoseService(config)
    assert.equal(verdict, 'skipped')
    assert.match(detail, /^https:\S+ cannot be asked from here: /)
    assert.ok(detail.endsWith(reason), detail)
  }
})
