import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test, type TestContext } from 'node:test'
import type { TLSSocket } from 'node:tls'
import {
  createAskRegistry,
  type RegistryHttpOptions,
} from '../../src/service/schema-registry/registry-http.ts'
import { createAuthority, type Authority, type IssuedCertificate } from '../support/certificates.ts'

/** A registry that asks who it is talked to by: TLS, certificates, passwords, tokens. */

const clock = { monotonicMs: () => performance.now(), sleep: async () => {} }

function ask(options: Omit<RegistryHttpOptions, 'timeoutMs' | 'clock'>, timeoutMs = 2_000) {
  const signal = new AbortController().signal
  return createAskRegistry({ timeoutMs, clock, ...options }, signal)('GET', '/subjects')
}

suite('a registry that protects itself', () => {
  let folder: string
  let authority: Authority
  let server: IssuedCertificate
  let client: IssuedCertificate

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cart-service-registry-'))
    authority = await createAuthority(folder)
    server = await authority.issue('registry')
    client = await authority.issue('cart')
  })
  after(() => rm(folder, { recursive: true, force: true }))

  async function startTls(t: TestContext, demandsCertificate = false, shown = server) {
    const names: string[] = []
    const registry = createServer(
      {
        cert: await readFile(shown.certificateFile),
        key: await readFile(shown.keyFile),
        ca: await readFile(authority.caFile),
        requestCert: demandsCertificate,
      },
      (request, response) => {
        names.push((request.socket as TLSSocket & { servername: string }).servername)
        const peer = (request.socket as TLSSocket).getPeerCertificate()
        response.end(JSON.stringify(peer.subject?.CN ?? 'nobody'))
      },
    )
    registry.listen(0, '127.0.0.1')
    await once(registry, 'listening')
    t.after(() => registry.close())
    const { port } = registry.address() as AddressInfo
    return { url: `https://localhost:${port}`, port, names }
  }

  test('is asked by TLS with a private authority, and by the name of its address', async (t) => {
    const { url, names } = await startTls(t)
    const answer = await ask({ baseUrl: url, tls: { caFile: authority.caFile } })
    assert.equal(answer.body, 'nobody')
    assert.deepEqual(names, ['localhost'])
  })

  test('is shown a certificate, and the one that replaced it', async (t) => {
    const { url } = await startTls(t, true)
    const certificateFile = join(folder, 'mounted.pem')
    const keyFile = join(folder, 'mounted.key')
    const mount = async ({ certificateFile: from, keyFile: key }: IssuedCertificate) => {
      await writeFile(certificateFile, await readFile(from))
      await writeFile(keyFile, await readFile(key))
    }
    await mount(client)
    const signal = new AbortController().signal
    const tls = { caFile: authority.caFile, certificateFile, keyFile }
    const question = createAskRegistry({ baseUrl: url, tls, timeoutMs: 2_000, clock }, signal)
    assert.equal((await question('GET', '/subjects')).body, 'cart')
    await mount(await authority.issue('cart-2'))
    assert.equal((await question('GET', '/subjects')).body, 'cart-2')
  })

  test('is not asked where its certificate is from nobody known, for another host, or over', async (t) => {
    const { url, port } = await startTls(t)
    await assert.rejects(
      ask({ baseUrl: url }),
      /the certificate of the registry is from nobody whom SCHEMA_REGISTRY_SSL_CA_LOCATION names/,
    )
    await assert.rejects(
      ask({ baseUrl: `https://127.0.0.1:${port}`, tls: { caFile: authority.caFile } }),
      /the certificate of the registry is for another host/,
    )
    const expired = await startTls(t, false, await authority.issue('expired', { days: 0 }))
    await assert.rejects(
      ask({ baseUrl: expired.url, tls: { caFile: authority.caFile } }),
      /the certificate of the registry has expired, or the clock of this machine is ahead/,
    )
  })

  test('is shown the bearer token that is in the file now', async (t) => {
    const { url, seen } = await startPlain(t)
    const path = join(folder, 'token')
    const auth = { kind: 'bearer', token: { kind: 'file', path } } as const
    const signal = new AbortController().signal
    const question = createAskRegistry({ baseUrl: url, auth, timeoutMs: 2_000, clock }, signal)
    for (const token of ['one', 'two']) {
      await writeFile(path, `${token}\n`)
      await question('GET', '/subjects')
    }
    assert.deepEqual(
      seen.map(({ authorization }) => authorization),
      ['Bearer one', 'Bearer two'],
    )
  })

  test('gets a fetched token with the headers of Confluent Cloud, and after a 401 another one', async (t) => {
    const issued: string[] = []
    const issuer = createHttpServer((request, response) => {
      assert.equal(request.headers.authorization, `Basic ${btoa('cart:hush%20hush')}`)
      issued.push(`token-${issued.length + 1}`)
      response.end(JSON.stringify({ access_token: issued.at(-1), expires_in: 3_600 }))
    })
    issuer.listen(0, '127.0.0.1')
    await once(issuer, 'listening')
    t.after(() => issuer.close())
    const { url, seen, answers } = await startPlain(t)
    const auth = {
      kind: 'oauth',
      credentials: {
        endpointUrl: `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/token`,
        clientId: 'cart',
        clientSecret: { kind: 'text', text: 'hush hush' },
        scope: undefined,
      },
      logicalCluster: 'lsrc-1',
      identityPoolId: 'pool-2',
    } as const
    const signal = new AbortController().signal
    const question = createAskRegistry({ baseUrl: url, auth, timeoutMs: 2_000, clock }, signal)
    await question('GET', '/subjects')
    answers.push(401)
    const refused = await question('GET', '/subjects')
    assert.deepEqual(
      [refused.status, refused.shown.startsWith("a token for 'cart' from")],
      [401, true],
    )
    await question('GET', '/subjects')
    assert.deepEqual(
      seen.map((headers) => headers.authorization),
      ['Bearer token-1', 'Bearer token-1', 'Bearer token-2'],
    )
    assert.equal(seen[0]?.['target-sr-cluster'], 'lsrc-1')
    assert.equal(seen[0]?.['confluent-identity-pool-id'], 'pool-2')
  })

  test('has the whole time that a question may take', async (t) => {
    // More than the half of it, which is what one try once had.
    const slow = createHttpServer((_request, response) => {
      setTimeout(() => response.end('[]'), 700)
    })
    slow.listen(0, '127.0.0.1')
    await once(slow, 'listening')
    t.after(() => slow.close())
    const { port } = slow.address() as AddressInfo
    const answer = await ask({ baseUrl: `http://127.0.0.1:${port}` }, 1_000)
    assert.equal(answer.status, 200)
  })
})

async function startPlain(t: TestContext) {
  const seen: Array<Record<string, unknown> & { authorization?: string }> = []
  const answers: number[] = []
  const registry = createHttpServer((request, response) => {
    seen.push({ ...request.headers } as (typeof seen)[number])
    response.statusCode = answers.pop() ?? 200
    response.end('[]')
  })
  registry.listen(0, '127.0.0.1')
  await once(registry, 'listening')
  t.after(() => registry.close())
  return { url: `http://127.0.0.1:${(registry.address() as AddressInfo).port}`, seen, answers }
}
