import assert from 'node:assert/strict'
import { linkSync, mkdirSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import process from 'node:process'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'

import { StoreError } from '../../../src/business/ports.ts'
import { openSqliteStore } from '../../../src/service/storage/sqlite/store.ts'
import { newOrderId } from '../../contract/order-store-events.ts'
import { startChild } from './child-process.ts'
import { makeTempDirectory } from './temp-directory.ts'

function isOwnedByAnother(error: unknown): boolean {
  assert.ok(error instanceof StoreError)
  assert.match(error.message, /belongs to another running CartService/)
  assert.equal(error.isApplied, 'no')
  return true
}

describe('a SQLite file that a service has open', () => {
  it('is refused to a second process, until the first one is killed', async () => {
    using directory = makeTempDirectory()
    const path = directory.database
    await using owner = startChild('store-owner.ts', path, newOrderId(), newOrderId())
    assert.equal(await owner.nextLine(), 'written')
    await assert.rejects(openSqliteStore({ path }), isOwnedByAnother)
    await assert.rejects(openSqliteStore({ path }), isOwnedByAnother)

    await owner.kill()

    const store = await openSqliteStore({ path })
    assert.equal((await store.listPending(10)).length, 2)
    await store.close()
  })

  it('is refused to a second store of the same process, until the first one is closed', async () => {
    using directory = makeTempDirectory()
    const path = directory.database
    const first = await openSqliteStore({ path })
    await assert.rejects(openSqliteStore({ path }), isOwnedByAnother)
    await first.close()
    const second = await openSqliteStore({ path })
    await second.close()
  })

  it('is refused by another name as well', async () => {
    using directory = makeTempDirectory()
    const link = `${directory.database}.link`
    const store = await openSqliteStore({ path: directory.database })
    symlinkSync(directory.database, link)
    await assert.rejects(openSqliteStore({ path: link }), isOwnedByAnother)
    await store.close()
  })

  it('is refused by a link that was made before the file', async () => {
    using directory = makeTempDirectory()
    const link = `${directory.database}.link`
    symlinkSync(directory.database, link)
    const store = await openSqliteStore({ path: link })
    await assert.rejects(openSqliteStore({ path: directory.database }), isOwnedByAnother)
    await assert.rejects(openSqliteStore({ path: link }), isOwnedByAnother)
    await store.close()
    const next = await openSqliteStore({ path: directory.database })
    await assert.rejects(openSqliteStore({ path: link }), isOwnedByAnother)
    await next.close()
  })

  it('is refused by a chain of links, a link of its directory and a relative path', async () => {
    using directory = makeTempDirectory()
    const target = join(directory.path, 'data')
    const folder = join(directory.path, 'folder')
    const [chain, link] = [join(directory.path, 'chain'), join(directory.path, 'link')]
    mkdirSync(target)
    symlinkSync('data', folder)
    symlinkSync('folder/cart.db', link)
    symlinkSync('link', chain)
    const names = [
      chain,
      link,
      join(folder, 'cart.db'),
      join(target, 'cart.db'),
      relative(process.cwd(), link),
    ]
    for (const name of names) {
      const store = await openSqliteStore({ path: name })
      for (const other of names) {
        await assert.rejects(openSqliteStore({ path: other }), isOwnedByAnother)
      }
      await store.close()
    }
  })

  it('is refused while it has a second name, by which another process could own it', async () => {
    using directory = makeTempDirectory()
    const path = directory.database
    const first = await openSqliteStore({ path })
    await first.close()
    const hardLink = `${path}.second`
    linkSync(path, hardLink)
    const refused = {
      name: 'StoreError',
      isApplied: 'no',
      message: /has 2 names \(hard links\).*remove all but one/,
    }
    await assert.rejects(openSqliteStore({ path }), refused)
    await assert.rejects(openSqliteStore({ path: hardLink }), refused)
    unlinkSync(path)
    const moved = await openSqliteStore({ path: hardLink })
    await moved.close()
  })

  it('can be read by another process', async () => {
    using directory = makeTempDirectory()
    const settledId = newOrderId()
    await using owner = startChild('store-owner.ts', directory.database, settledId, newOrderId())
    assert.equal(await owner.nextLine(), 'written')
    using db = new DatabaseSync(directory.database, { readOnly: true })
    const order = db.prepare('SELECT order_id, version FROM orders').get()
    assert.deepEqual({ ...order }, { order_id: settledId, version: 1 })
  })

  it('cannot be owned through a lock file that is read-only', async () => {
    using directory = makeTempDirectory()
    const lockPath = `${directory.database}.lock`
    writeFileSync(lockPath, '')
    await using owner = startChild('ordinary-user.ts', directory.path, lockPath, 'lock')
    assert.match(await owner.nextLine(), /cart\.db\.lock cannot be used: it is read-only/)
  })

  it('is free again after an opening that failed', async () => {
    using directory = makeTempDirectory()
    const path = directory.database
    const store = await openSqliteStore({ path })
    await store.close()
    markAsNewer(path)
    await assert.rejects(openSqliteStore({ path }), /newer version/)
    await assert.rejects(openSqliteStore({ path }), /newer version/)
  })
})

function markAsNewer(path: string): void {
  using db = new DatabaseSync(path)
  db.exec(`INSERT INTO schema_migrations VALUES (9999, '9999-later.sql', 'x', 9999, 'now')`)
}
