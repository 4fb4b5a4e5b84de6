import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'

import { openSqliteStore } from '../../../src/service/storage/sqlite/store.ts'
import { startChild } from './child-process.ts'
import { makeTempDirectory } from './temp-directory.ts'

function modeOf(name: string): string {
  return (statSync(name).mode & 0o777).toString(8)
}

describe('openSqliteStore', () => {
  it('makes the directory and the file', async () => {
    using directory = makeTempDirectory()
    const path = join(directory.path, 'a', 'b', 'cart.db')
    const store = await openSqliteStore({ path })
    await store.probe()
    await store.close()
  })

  it('makes files that nobody else may read, also beside the database', async () => {
    using directory = makeTempDirectory()
    const path = join(directory.path, 'a', 'b', 'cart.db')
    const store = await openSqliteStore({ path })
    await store.probe()
    const files = readdirSync(dirname(path))
    const modes = files.map((name) => modeOf(join(dirname(path), name)))
    await store.close()
    assert.ok(['cart.db', 'cart.db-wal', 'cart.db-shm'].every((name) => files.includes(name)))
    assert.deepEqual(new Set(modes), new Set(['600']))
    assert.deepEqual([modeOf(dirname(path)), modeOf(join(directory.path, 'a'))], ['700', '700'])
  })

  it('leaves the permissions that its operator gave a file', async () => {
    using directory = makeTempDirectory()
    writeFileSync(directory.database, '')
    chmodSync(directory.database, 0o640)
    const store = await openSqliteStore({ path: directory.database })
    await store.close()
    assert.equal(statSync(directory.database).mode & 0o777, 0o640)
  })

  it('says that a directory cannot be made', async () => {
    using directory = makeTempDirectory()
    writeFileSync(join(directory.path, 'file'), '')
    const path = join(directory.path, 'file', 'cart.db')
    await assert.rejects(openSqliteStore({ path }), {
      name: 'StoreError',
      message: /The directory of the database .* cannot be made/,
    })
  })

  it('says that the path leads to a directory', async () => {
    using directory = makeTempDirectory()
    mkdirSync(directory.database)
    await assert.rejects(openSqliteStore({ path: directory.database }), {
      name: 'StoreError',
      message: /cart\.db cannot be used: the file cannot be opened/,
    })
  })

  it('says that a file is not a database, and leaves it alone', async () => {
    using directory = makeTempDirectory()
    writeFileSync(directory.database, 'Dear diary, '.repeat(1_000))
    await assert.rejects(openSqliteStore({ path: directory.database }), {
      name: 'StoreError',
      message: /cart\.db cannot be used: the file is not a database/,
    })
  })

  it('says that a file is read-only, and leaves nothing that would keep it so', async () => {
    using directory = makeTempDirectory()
    const store = await openSqliteStore({ path: directory.database })
    await store.close()
    await using opener = startChild('ordinary-user.ts', directory.path, directory.database, 'open')
    assert.match(await opener.nextLine(), /cart\.db cannot be used: it is read-only \(EACCES/)
    assert.deepEqual(readdirSync(directory.path).toSorted(), ['cart.db', 'cart.db.lock'])
  })

  it("refuses another program's database", async () => {
    using directory = makeTempDirectory()
    {
      using db = new DatabaseSync(directory.database)
      db.exec('CREATE TABLE orders (other INTEGER)')
    }
    await assert.rejects(openSqliteStore({ path: directory.database }), {
      name: 'StoreError',
      message: /table orders already exists/,
    })
  })
})
