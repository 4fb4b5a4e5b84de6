import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { findNearNames } from '../../../src/config/near-names.ts'
import { readConfig } from '../../../src/config/read-config.ts'
import { listSettings } from '../../../src/config/settings-schema.ts'

describe('reading the configuration of the process', () => {
  const settings = listSettings().map(({ name }) => name)
  const before = settings.map((name) => [name, process.env[name]] as const)
  const home = process.cwd()
  let folder: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cart-config-'))
    process.chdir(folder)
    for (const name of settings) delete process.env[name]
  })

  afterEach(async () => {
    process.chdir(home)
    for (const [name, value] of before) {
      // Assigning undefined would store the word.
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
    await rm(folder, { recursive: true })
  })

  test('takes the environment where there is no .env file', () => {
    process.env['API_PORT'] = '8001'
    assert.equal(readConfig().apiPort, 8_001)
  })

  test('completes it from a .env file, and lets the environment win', async () => {
    await writeFile('.env', 'API_PORT=9000\nAPI_HOST=127.0.0.1\n')
    process.env['API_PORT'] = '8001'
    const { apiPort, apiHost } = readConfig()
    assert.deepEqual({ apiPort, apiHost }, { apiPort: 8_001, apiHost: '127.0.0.1' })
  })

  const UNREADABLE: Readonly<Record<string, Buffer>> = {
    'with a byte order mark': Buffer.from('\uFEFFAPI_PORT=9000\n'),
    'in UTF-16': Buffer.from('API_PORT=9000\n', 'utf16le'),
    'in Latin-1': Buffer.from('KAFKA_TOPIC=\xe4\n', 'latin1'),
  }
  for (const [how, bytes] of Object.entries(UNREADABLE)) {
    test(`refuses a .env file ${how}, which would be no settings at all`, async () => {
      await writeFile('.env', bytes)
      assert.throws(
        () => readConfig(),
        /\.env is not readable as text: save it as plain text in UTF-8/,
      )
    })
  }

  test('refuses a value of a .env file that would end at a sign in its middle', async () => {
    await writeFile(
      '.env',
      'API_PORT=9000 # of the shop\nKAFKA_SASL_PASSWORD=hush#hash\nOTHER=a#b\n',
    )
    assert.throws(
      () => readConfig(),
      (error) => {
        assert.match(String(error), /\.env, KAFKA_SASL_PASSWORD: .* in quotes/)
        return !/hush|hash|OTHER|API_PORT/.test(String(error))
      },
    )
    await writeFile('.env', `API_HOST="localhost"#hash\nKAFKA_CLIENT_ID='a#b'\nAPI_PORT=9000 #1\n`)
    assert.throws(() => readConfig(), /KAFKA_CLIENT_ID must be/)
  })

  test('refuses a .env that is a folder', async () => {
    await mkdir('.env')
    assert.throws(() => readConfig(), /\.env is a folder, and no file/)
  })
})

test('points out a name that is nearly a setting', () => {
  const said = findNearNames({
    API_PROT: '1',
    API_POR: '1',
    API_PORTS: '1',
    KAFKA_TOPC: 'a',
    kafka_topics: 'a',
    KAFKA_TOPIC: 'a',
    KAFKA_TOPIK: 'a',
    HOST: 'b',
    PATH: 'c',
    LOGLEVELS: 'd',
    PGPASSWORD: 'e',
  })
  assert.deepEqual(said, [
    'API_PROT is no setting: is API_PORT meant?',
    'API_POR is no setting: is API_PORT meant?',
    'API_PORTS is no setting: is API_PORT meant?',
    'KAFKA_TOPC is no setting: is KAFKA_TOPIC meant?',
    'kafka_topics is no setting: is KAFKA_TOPIC meant?',
    'KAFKA_TOPIK is no setting: is KAFKA_TOPIC meant?',
  ])
})
