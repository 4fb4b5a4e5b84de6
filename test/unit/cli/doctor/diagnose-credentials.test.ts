import assert from 'node:assert/strict'
import { chmod, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import {
  diagnoseSasl,
  diagnoseTlsFiles,
  diagnoseToken,
} from '../../../../src/cli/doctor/diagnose-credentials.ts'
import type { Finding } from '../../../../src/cli/doctor/judges/finding.ts'
import { loadConfig } from '../../../../src/config/config.ts'
import { createAuthority } from '../../../support/certificates.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

const CHECK = 'some check'

const NAMES = { ca: 'THE_CA', certificate: 'THE_CERTIFICATE', key: 'THE_KEY' }

/** Some day long ago, and one that nobody here sees. */
const [PAST, FUTURE] = [1_000_000_000, 9_000_000_000]

function tokenUntil(exp: number): string {
  return `e30.${Buffer.from(JSON.stringify({ exp })).toString('base64url')}.x`
}

function saidOf(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ verdict, detail }) => `${verdict}: ${detail}`)
}

function inSetting(text: string): readonly string[] {
  return saidOf(diagnoseToken(CHECK, 'THE_TOKEN', { kind: 'text', text }))
}

test('a token says until when it is valid, in a setting and in a file', async (t) => {
  assert.deepEqual(inSetting(tokenUntil(FUTURE)), [
    'ok: the token of THE_TOKEN is valid until 2255-03-14T16:00:00.000Z',
  ])
  assert.deepEqual(inSetting(tokenUntil(PAST)), [
    'problem: the token of THE_TOKEN ended 2001-09-09T01:46:40.000Z',
  ])
  const soon = Math.floor(Date.now() / 1_000) + 3_600
  assert.match(String(inSetting(tokenUntil(soon))), /^warning: the token of THE_TOKEN ends /)
  for (const opaque of ['opaque', 'a.b.c']) assert.deepEqual(inSetting(opaque), [])

  const path = join(await temporaryFolder(t), 'token')
  const inFile = () => saidOf(diagnoseToken(CHECK, 'THE_TOKEN', { kind: 'file', path }))
  assert.deepEqual(inFile(), [`problem: ${path} cannot be read (ENOENT)`])
  await writeFile(path, tokenUntil(soon))
  assert.match(String(inFile()), /^ok: the token of THE_TOKEN_FILE is valid until /)
})

test('what an onlooker of the network would see is told', () => {
  const { kafkaSecurity } = loadConfig({
    KAFKA_SECURITY_PROTOCOL: 'SASL_PLAINTEXT',
    KAFKA_SASL_MECHANISM: 'PLAIN',
    KAFKA_SASL_USERNAME: 'cart',
    KAFKA_SASL_PASSWORD: 'hush',
  })
  assert.deepEqual(saidOf(diagnoseSasl(kafkaSecurity)), [
    'warning: the credential is sent without encryption',
  ])
})

test('certificates say until when they are valid, and a key that everybody may read is told', async (t) => {
  const authority = await createAuthority(await temporaryFolder(t))
  const { certificateFile, keyFile } = await authority.issue('cart', { days: 3 })
  const files = { caFile: authority.caFile, certificateFile, keyFile }
  await chmod(dirname(keyFile), 0o755)
  await chmod(keyFile, 0o604)
  const [ours = '', theirs = '', key = '', ...more] = saidOf(diagnoseTlsFiles(CHECK, NAMES, files))
  assert.match(ours, /^warning: CN=cart of THE_CERTIFICATE ends .*, in 2 days$/)
  assert.match(theirs, /^ok: CN=test-ca of THE_CA is valid until /)
  assert.equal(key, 'warning: THE_KEY can be read by everybody')
  assert.deepEqual(more, [])
  await writeFile(keyFile, 'half')
  assert.match(
    String(saidOf(diagnoseTlsFiles(CHECK, NAMES, files))),
    /^problem: the TLS files cannot be used: /,
  )
})
