import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { FIRST_PLACE, type PlacedEvent } from '../../../src/business/stream/settled-feed.ts'
import { openSqliteStore } from '../../../src/service/storage/sqlite/store.ts'
import { changeOf, creationOf, newOrderId } from '../../contract/order-store-events.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

test('events from before settlings were numbered come first, by their arrival', async (t) => {
  const path = join(await temporaryFolder(t), 'cart.db')
  const orderId = newOrderId()
  const old = [
    creationOf(orderId),
    creationOf(newOrderId()),
    changeOf(orderId, 2, 'shipped'),
    creationOf(newOrderId()),
  ]
  const before = await openSqliteStore({ path })
  for (const pending of old) {
    await before.reserve(pending)
    await before.settle(pending, { partition: 2, offset: 1 })
  }
  await before.close()
  using db = new DatabaseSync(path)
  db.exec('UPDATE order_events SET settled_in = 0')

  const store = await openSqliteStore({ path })
  t.after(() => store.close())
  const fresh = changeOf(orderId, 3, 'delivered')
  await store.reserve(fresh)
  await store.settle(fresh, { partition: 2, offset: 2 })
  const seen: PlacedEvent[] = []
  for (let page = 0; page < old.length; page += 1) {
    seen.push(...(await store.listSettled(seen.at(-1)?.place ?? FIRST_PLACE, 2)))
  }
  assert.deepEqual(
    seen.map(({ eventId }) => eventId),
    [...old, fresh].map(({ event }) => event.eventId),
  )
})
