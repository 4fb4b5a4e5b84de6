import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { diagnoseStore } from '../../../../src/cli/doctor/diagnose-store.ts'
import { loadConfig } from '../../../../src/config/config.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

test('a database that everybody can read is a warning, with the command that ends it', async (t) => {
  const folder = await temporaryFolder(t)
  const path = join(folder, 'cart.db')
  writeFileSync(path, '', { mode: 0o644 })
  const readers = async () => {
    const { findings } = await diagnoseStore(loadConfig({ DATABASE_URL: `sqlite:${path}` }))
    return findings.filter(({ check }) => check === 'store files')
  }
  chmodSync(folder, 0o755)
  const [finding] = await readers()
  assert.equal(finding?.verdict, 'warning')
  assert.equal('command' in finding && finding.command, `chmod o= ${path}*`)
  // Whoever is kept out of the folder reaches no file in it.
  chmodSync(folder, 0o700)
  assert.deepEqual(await readers(), [])
  chmodSync(folder, 0o755)
  chmodSync(path, 0o640)
  assert.deepEqual(await readers(), [])
})
