import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'

import { type Migration, readMigrations } from '../../../src/service/storage/migrations.ts'
import { migrate } from '../../../src/service/storage/sqlite/migrate.ts'
import { migrateFile, openSqliteStore } from '../../../src/service/storage/sqlite/store.ts'
import { startChild } from './child-process.ts'
import { makeTempDirectory } from './temp-directory.ts'

function migrationOf(number: number, sql: string): Migration {
  const name = `000${number}-test.sql`
  return { number, name, sql, checksum: `checksum of ${sql}`, needs: 0 }
}

function listTables(db: DatabaseSync): unknown[] {
  const tables = db.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`)
  return tables.all().map(({ name }) => name)
}

describe('the migrations', () => {
  it('are numbered from 1 without gaps', () => {
    const numbers = readMigrations('sqlite').map(({ number }) => number)
    assert.deepEqual(
      numbers,
      [...numbers.keys()].map((index) => index + 1),
    )
    assert.ok(numbers.length > 0)
  })
})

describe('migrate', () => {
  it('applies each migration once, the later ones on top', () => {
    using db = new DatabaseSync(':memory:')
    const first = migrationOf(1, 'CREATE TABLE a (x)')
    const second = migrationOf(2, 'CREATE TABLE b (x)')
    migrate(db, 'test', [first])
    migrate(db, 'test', [first])
    migrate(db, 'test', [first, second])
    assert.deepEqual(listTables(db), ['a', 'b', 'schema_migrations'])
  })

  it('applies all or nothing', () => {
    using db = new DatabaseSync(':memory:')
    const good = migrationOf(1, 'CREATE TABLE a (x)')
    const bad = migrationOf(2, 'CREATE TABLE b (x); CREATE TABLE b (x)')
    assert.throws(() => migrate(db, 'test', [good, bad]), /already exists/)
    assert.deepEqual(listTables(db), [])
    assert.equal(db.isTransaction, false)
  })

  it('refuses a migration that was edited after it was applied', () => {
    using db = new DatabaseSync(':memory:')
    migrate(db, 'test', [migrationOf(1, 'CREATE TABLE a (x)')])
    const edited = [migrationOf(1, 'CREATE TABLE a (x, y)')]
    assert.throws(() => migrate(db, 'test', edited), /another text of migration 0001-test.sql/)
  })

  for (const [needs, becomes] of [
    [0, 'serves'],
    [9999, 'refuses'],
  ] as const) {
    it(`${becomes} a database that a newer version changed so that a version needs ${needs}`, async () => {
      using directory = makeTempDirectory()
      const { database: path } = directory
      await (await openSqliteStore({ path })).close()
      {
        using db = new DatabaseSync(path)
        db.exec(
          `INSERT INTO schema_migrations VALUES (9999, '9999-later.sql', 'x', ${needs}, 'now')`,
        )
      }
      if (needs === 0) await (await openSqliteStore({ path })).close()
      else {
        await assert.rejects(openSqliteStore({ path }), {
          name: 'StoreError',
          isApplied: 'no',
          message: /its migration 9999-later\.sql took away what this version works with/,
        })
      }
    })
  }

  it('leaves a database alone that it may only check', async () => {
    using directory = makeTempDirectory()
    const { database: path } = directory
    const check = () => openSqliteStore({ path, migrationMode: 'check' })
    await assert.rejects(check(), { name: 'StoreError', message: /lacks 0001-orders\.sql/ })
    assert.equal(existsSync(path), false)
    assert.deepEqual(
      migrateFile(path, 'auto').map(({ name }) => name),
      readMigrations('sqlite').map(({ name }) => name),
    )
    await (await check()).close()
    assert.deepEqual(migrateFile(path, 'auto'), [])
  })

  it('applies each migration once when two processes race', async () => {
    using directory = makeTempDirectory()
    prepareHistory(directory.database)
    await using first = startChild('migrator.ts', directory.database)
    await using second = startChild('migrator.ts', directory.database)
    const children = [first, second]
    for (const child of children) assert.equal(await child.nextLine(), 'ready')
    for (const child of children) child.send('go')
    for (const child of children) assert.equal(await child.nextLine(), 'migrated')

    using db = new DatabaseSync(directory.database)
    const applied = db.prepare('SELECT number, checksum FROM schema_migrations').all()
    const expected = readMigrations('sqlite').map(({ number, checksum }) => ({ number, checksum }))
    assert.deepEqual(
      applied.map((row) => ({ ...row })),
      expected,
    )
  })
})

/** A database as every version but the first finds it: readers would get into each other's way. */
function prepareHistory(path: string): void {
  using db = new DatabaseSync(path)
  db.exec('PRAGMA journal_mode = WAL')
  migrate(db, path, [])
}
