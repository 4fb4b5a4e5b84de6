import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import Fastify from 'fastify'
import { DependencyHealth } from '../../src/business/dependency-health.ts'
import { openCallerChecks } from '../../src/compose-callers.ts'
import { loadConfig } from '../../src/config/config.ts'
import { systemClock } from '../../src/service/system.ts'
import { createAuthority } from '../support/certificates.ts'
import {
  AUDIENCE,
  ISSUER,
  newSigningKey,
  sign,
  startIdentityProvider,
} from '../support/identity-provider.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/** Who callers are by their tokens, where the service knows them by these ways. */
async function setUp(t: TestContext, ways: string) {
  const key = await newSigningKey('one')
  const { keySetUrl } = await startIdentityProvider(t, key)
  const authority = await createAuthority(await temporaryFolder(t))
  const { certificateFile, keyFile } = await authority.issue('server')
  const config = loadConfig({
    API_AUTH: ways,
    API_JWT_ISSUER: ISSUER,
    API_JWT_AUDIENCE: AUDIENCE,
    API_JWT_JWKS_URL: keySetUrl,
    API_TLS_CERT_FILE: certificateFile,
    API_TLS_KEY_FILE: keyFile,
    API_TLS_CLIENT_CA_FILE: authority.caFile,
  })
  const log = Fastify({ logger: false }).log
  const checks = await openCallerChecks(config, log, new DependencyHealth(systemClock, () => {}))
  t.after(() => checks[Symbol.asyncDispose]())
  return async (sub: string, client_id = sub) => {
    const verdict = await checks.forServer.callers?.check(await sign(key, { sub, client_id }))
    return verdict?.kind === 'known' ? verdict.caller.principal : verdict?.kind
  }
}

test('no token makes its client the principal of a certificate', async (t) => {
  const principalOf = await setUp(t, 'jwt,client-cert')
  assert.equal(await principalOf('CN=shop'), 'refused')
  assert.equal(await principalOf('CN=shop,O=Example'), 'refused')
  for (const id of ['shop', 'c2hvcA==', 'https://shop.example/?client=1']) {
    assert.equal(await principalOf(id), `service_account:${id}`)
  }
  assert.equal(await principalOf('CN=anna', 'console'), 'user:CN=anna')
})

test('where certificates say nothing of callers, a client may be called as it likes', async (t) => {
  const principalOf = await setUp(t, 'jwt')
  assert.equal(await principalOf('CN=shop'), 'service_account:CN=shop')
})
