import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { diagnoseCallers } from '../../src/cli/doctor/diagnose-callers.ts'
import { cartCall } from '../../src/cli/cart-call.ts'
import { loadConfig } from '../../src/config/config.ts'
import { formatKeyLine, newApiKey } from '../../src/service/callers/key-file.ts'
import { createAuthority } from '../support/certificates.ts'
import {
  answerText,
  AUDIENCE,
  ISSUER,
  newSigningKey,
  startIdentityProvider,
} from '../support/identity-provider.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/** What `cart doctor` says of who may call. */

/** Those that a finding comes with. */
async function commandsFor(settings: Readonly<Record<string, string>>): Promise<string[]> {
  const { findings } = await diagnoseCallers(loadConfig(settings))
  return findings.flatMap((finding) => ('command' in finding ? [finding.command] : []))
}

async function linesFor(settings: Readonly<Record<string, string>>): Promise<string[]> {
  const { findings } = await diagnoseCallers(loadConfig(settings))
  return findings.map(({ verdict, check, detail }) => `${verdict} ${check}: ${detail}`)
}

function dayFrom(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)
}

test('a service that asks nobody is fine where nobody else reaches it', async () => {
  const [open = '', ...more] = await linesFor({ API_HOST: '0.0.0.0' })
  assert.deepEqual(
    [open, more],
    ['warning callers: nobody is asked who they are, and other machines reach 0.0.0.0', []],
  )
  assert.match((await linesFor({ API_HOST: 'localhost' })).join(), /^ok callers: nobody is asked/)
  const management = { MANAGEMENT_PORT: '9000', MANAGEMENT_HOST: '0.0.0.0' }
  assert.match(
    (await linesFor({ API_HOST: 'localhost', ...management })).join(),
    /^warning callers: nobody is asked who they are, and other machines reach 0\.0\.0\.0$/,
  )
})

test('each key is there with its end, and a file that cannot be taken', async (t) => {
  const file = join(await temporaryFolder(t), 'keys')
  const settings = { API_AUTH: 'api-key', API_KEYS_FILE: file }
  const lines = ([-2, 3, 300] as const).map((days, index) =>
    formatKeyLine(`shop-${index}`, newApiKey('shop'), ['orders:read'], dayFrom(days)),
  )
  await writeFile(file, lines.join('\n'))
  const said = await linesFor(settings)
  assert.equal(said.length, 4)
  assert.equal(said[0], 'ok callers: say who they are by api-key')
  assert.match(said[1] ?? '', /^warning api keys: the key of shop-0 ended /)
  assert.match(said[2] ?? '', /^warning api keys: the key of shop-1 ends .*, in [23] days$/)
  assert.match(said[3] ?? '', /^ok api keys: the key of shop-2 is valid until /)
  // As the commands of a shell, from where the caller is; the new key may do what the old one could.
  assert.deepEqual(await commandsFor(settings), [
    cartCall('keys', 'new', 'shop-0', '--scopes', 'orders:read'),
  ])
  await writeFile(file, '# none yet\n')
  assert.deepEqual(await commandsFor(settings), [cartCall('keys', 'new', 'shop')])
  await writeFile(file, 'shop abc\n')
  assert.match((await linesFor(settings)).join(), /problem api keys: line 1: the hash must be/)
})

test('the token that cart itself shows has an end, and a key says none', async (t) => {
  const file = join(await temporaryFolder(t), 'token')
  const said = async (exp: number): Promise<string> => {
    const claims = Buffer.from(JSON.stringify({ exp })).toString('base64url')
    await writeFile(file, `head.${claims}.signature`)
    return (await linesFor({ API_HOST: 'localhost', API_CREDENTIAL_FILE: file })).join('\n')
  }
  assert.match(await said(1), /^problem cart: the token of API_CREDENTIAL_FILE ended 1970/m)
  assert.match(await said(4e9), /^ok cart: the token of API_CREDENTIAL_FILE is valid until 2096/m)
  const settings = { API_HOST: 'localhost', API_CREDENTIAL: newApiKey('shop') }
  assert.doesNotMatch((await linesFor(settings)).join('\n'), /cart:/)
})

test('the keys of the identity provider are read, and its own certificate', async (t) => {
  const folder = await temporaryFolder(t)
  const provider = await startIdentityProvider(t, await newSigningKey('one'))
  const { certificateFile, keyFile } = await (await createAuthority(folder)).issue('orders')
  const settings = {
    API_AUTH: 'jwt',
    API_JWT_ISSUER: ISSUER,
    API_JWT_AUDIENCE: AUDIENCE,
    API_JWT_JWKS_URL: provider.keySetUrl,
    API_TLS_CERT_FILE: certificateFile,
    API_TLS_KEY_FILE: keyFile,
  }
  const [ways, certificate, keys] = await linesFor(settings)
  assert.match(certificate ?? '', /^ok api tls: CN=orders of API_TLS_CERT_FILE is valid until /)
  assert.deepEqual(
    [ways, keys],
    [
      'ok callers: say who they are by jwt',
      `ok identity provider: has keys at ${provider.keySetUrl}`,
    ],
  )
  provider.answer = answerText(200, '<html>')
  assert.match((await linesFor(settings)).join(), /problem identity provider: .* is not JSON/)
})
