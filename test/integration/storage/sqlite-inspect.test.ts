import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { inspectStore } from '../../../src/service/storage/sqlite/inspect.ts'
import { openSqliteStore } from '../../../src/service/storage/sqlite/store.ts'
import { creationOf, newOrderId } from '../../contract/order-store-events.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

test('a file without tables is one that the first start makes them in', async (t) => {
  const path = `${await temporaryFolder(t)}/cart.db`
  await writeFile(path, '')
  const empty = inspectStore(path)
  assert.deepEqual([empty.exists, empty.pendingCount], [false, 0])
  // As a start leaves it that ends before the tables are made.
  const db = new DatabaseSync(path)
  db.exec('PRAGMA journal_mode = WAL')
  db.close()
  assert.equal(inspectStore(path).exists, false)
})

test('a file with tables has the pending events that are counted', async (t) => {
  const path = `${await temporaryFolder(t)}/cart.db`
  const store = await openSqliteStore({ path })
  t.after(() => store.close())
  await store.reserve(creationOf(newOrderId()))
  const { exists, pendingCount } = inspectStore(path)
  assert.deepEqual([exists, pendingCount], [true, 1])
})

test('a file that is no database cannot be used', async (t) => {
  const path = `${await temporaryFolder(t)}/cart.db`
  await writeFile(path, 'no database at all, but some text')
  assert.throws(() => inspectStore(path), /not a database/)
})
