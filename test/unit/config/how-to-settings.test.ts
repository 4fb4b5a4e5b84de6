import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseEnv } from 'node:util'
import { parse } from 'yaml'
import { ConfigError, loadConfig } from '../../../src/config/config.ts'
import { isLoopback } from '../../../src/config/loopback.ts'
import { listSettings } from '../../../src/config/settings-schema.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

/** The settings that the pages on security have for copying: each block is one that the service takes. */

const ROOT = join(import.meta.dirname, '../../..')

/** What a block takes for granted, because one before it on its page has it. */
const BEFORE: Readonly<Record<string, string>> = {
  'API_OIDC_CLIENT_ID=orders-console': `API_AUTH=jwt
    API_JWT_ISSUER=https://idp.example
    API_JWT_AUDIENCE=orders
    API_JWT_JWKS_URL=https://idp.example/keys`,
}

const NAMES = new Set(listSettings().map(({ name }) => name))

function blocksOf(page: string): string[] {
  const text = readFileSync(join(ROOT, page), 'utf8')
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```/gms)].map((match) => match[1] ?? '')
  return blocks.filter((block) => /^[A-Z][A-Z_]+=/.test(block))
}

/** As a shell has them: several may be on a line, with a comment behind. */
function settingsOf(block: string): Record<string, string> {
  const lines = block.replaceAll(/ (?=[A-Z][A-Z_]+=)/g, '\n').replaceAll(/ +#.*$/gm, '')
  const before = BEFORE[lines.split('\n')[0] ?? ''] ?? ''
  return parseEnv(`${before.replaceAll(/^ +/gm, '')}\n${lines}`) as Record<string, string>
}

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    loadConfig({ NODE_ENV: 'production', API_AUTH: 'none', ...env }, 'service')
    return []
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.problems
  }
}

for (const [page, count] of [
  ['docs/how-to/secure-connections.md', 7],
  ['docs/how-to/secure.md', 3],
] as const) {
  test(`each block of settings of ${page} is one that the service takes`, async (t) => {
    const file = join(await temporaryFolder(t), 'any')
    writeFileSync(file, '-----BEGIN CERTIFICATE-----\n')
    const secret = `${file}-secret`
    writeFileSync(secret, 'key:secret-of-as-many-characters-as-any-secret-must-have')
    const blocks = blocksOf(page)
    assert.equal(blocks.length, count)
    for (const block of blocks) {
      const settings = settingsOf(block)
      const unknown = Object.keys(settings).filter((name) => !NAMES.has(name))
      assert.deepEqual(unknown, [], block)
      for (const name of Object.keys(settings)) {
        if (/_(?:USER_INFO|SECRET|SESSION_KEY|PASSWORD|TOKEN)_FILE$/.test(name))
          settings[name] = secret
        else if (/_FILE$|_LOCATION$/.test(name)) settings[name] = file
      }
      assert.deepEqual(problemsOf(settings), [], block)
    }
  })
}

test('compose says who may call, and opens its ports to this machine alone', () => {
  const text = readFileSync(join(ROOT, 'compose.yaml'), 'utf8')
  const { services } = parse(text) as {
    services: Record<string, { ports: string[]; environment: Record<string, unknown> }>
  }
  assert.equal(services['cart-service']?.environment['API_AUTH'], 'none')
  const hosts = Object.values(services).flatMap(({ ports }) =>
    ports.map((port) => port.split(':')[0] ?? ''),
  )
  assert.ok(hosts.length >= 3)
  assert.deepEqual(
    hosts.filter((host) => !isLoopback(host)),
    [],
  )
})
