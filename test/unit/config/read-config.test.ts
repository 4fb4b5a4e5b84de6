import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, describe, test } from 'node:test'
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
})
