import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { readMigrations } from '../../src/service/storage/migrations.ts'
import { runCart } from '../support/cart-command.ts'
import { freshSettings, startOwnService } from '../support/own-service.ts'
import { createTestSchema } from '../support/postgres-schema.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { spawnService } from '../support/service-process.ts'

const NAMES = readMigrations('postgres').map(({ name }) => name)

test('cart migrate makes the tables that a start with MIGRATIONS=check asks for', async (t) => {
  const schema = await createTestSchema()
  t.after(() => schema.drop())
  const file = `sqlite:${join(await temporaryFolder(t), 'cart.db')}`
  for (const url of [schema.url(), file]) {
    const settings = { ...freshSettings(url), MIGRATIONS: 'check' }
    const refused = await spawnService(settings)
    assert.equal((await refused.exited).code, 1)
    assert.match(refused.output(), /lacks 0001-orders\.sql, and MIGRATIONS=check/)

    const looked = await runCart(['migrate', '--check', '--json'], settings)
    assert.equal(looked.code, 1, looked.stderr)
    assert.deepEqual(JSON.parse(looked.stdout), { missing: NAMES })
    const migrated = await runCart(['migrate'], settings)
    assert.deepEqual(
      { ...migrated },
      { code: 0, stdout: `Applied: ${NAMES.join(', ')}\n`, stderr: '' },
    )
    const service = await startOwnService(t, settings)
    assert.equal((await runCart(['migrate', '--check'], settings)).code, 0)
    assert.equal((await service.end('SIGTERM')).code, 0)
  }
})
