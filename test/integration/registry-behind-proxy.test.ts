import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request as forward } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { createRegistryClient } from '../../src/service/schema-registry/client.ts'
import type { RegistryAuth } from '../../src/service/schema-registry/registry-auth.ts'
import { createAuthority, type Authority, type IssuedCertificate } from '../support/certificates.ts'
import { infrastructure } from '../support/infrastructure.ts'

/** A real registry behind a gate that lets in whoever has a certificate, or shows what it wants to see. */

const SCHEMA = JSON.stringify({ type: 'record', name: 'R', fields: [] })
const clock = { monotonicMs: () => performance.now(), sleep: async () => {} }

suite('a real registry behind a gate', () => {
  let folder: string
  let authority: Authority
  let client: IssuedCertificate
  let gate: Server
  /** The header that it lets in; undefined: a certificate is demanded. */
  let wanted: string | undefined

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cart-service-gate-'))
    authority = await createAuthority(folder)
    client = await authority.issue('cart')
    const server = await authority.issue('gate')
    const target = new URL(infrastructure().schemaRegistryUrl)
    const options = {
      cert: await readFile(server.certificateFile),
      key: await readFile(server.keyFile),
      ca: await readFile(authority.caFile),
      requestCert: true,
      rejectUnauthorized: false,
    }
    gate = createServer(options, (request, response) => {
      const isKnown =
        wanted === undefined
          ? (request.socket as TLSSocket).authorized
          : request.headers.authorization === wanted
      if (!isKnown) {
        response.writeHead(401).end('{"error_code":401,"message":"Unauthorized"}')
        return
      }
      const { method, url: path, headers } = request
      const { hostname: host, port } = target
      const asked = forward({
        host,
        port,
        method,
        path,
        headers: { ...headers, host: target.host },
      })
      asked.once('response', (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      })
      request.pipe(asked)
    })
    gate.listen(0, '127.0.0.1')
    await once(gate, 'listening')
  })
  after(async () => {
    gate.close()
    gate.closeAllConnections()
    await rm(folder, { recursive: true, force: true })
  })

  async function registerWith(auth: RegistryAuth, certificate?: IssuedCertificate) {
    const baseUrl = `https://localhost:${(gate.address() as AddressInfo).port}`
    const tls = { caFile: authority.caFile, ...certificate }
    const registry = createRegistryClient({ baseUrl, auth, tls, timeoutMs: 10_000, clock })
    try {
      const subject = `gate-${randomUUID()}`
      const { kind } = await registry.register(subject, SCHEMA)
      assert.equal(kind, 'registered')
      return await registry.lookUp(subject, SCHEMA)
    } finally {
      registry.close()
    }
  }

  test('takes a schema by mutual TLS, by key and secret, and by a token from a file', async () => {
    wanted = undefined
    assert.equal(typeof (await registerWith({ kind: 'none' }, client)), 'number')
    wanted = `Basic ${btoa('key:hush')}`
    const userInfo = { kind: 'text', text: 'key:hush' } as const
    assert.equal(typeof (await registerWith({ kind: 'basic', userInfo })), 'number')
    wanted = 'Bearer token-1'
    const path = join(folder, 'token')
    await writeFile(path, 'token-1\n')
    const token = { kind: 'file', path } as const
    assert.equal(typeof (await registerWith({ kind: 'bearer', token })), 'number')
  })

  test('refuses what it does not know, and the sentence says what it was shown', async () => {
    wanted = 'Bearer token-1'
    const userInfo = { kind: 'text', text: 'key:hush' } as const
    await assert.rejects(
      registerWith({ kind: 'basic', userInfo }),
      /answered 401 .*; it was shown the key and secret of SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO$/,
    )
  })
})
