import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'

import { createConnector } from '../../../src/service/storage/sqlite/connection.ts'
import { openSqliteStore } from '../../../src/service/storage/sqlite/store.ts'
import { changeOf, creationOf, newOrderId, orderOf } from '../../contract/order-store-events.ts'
import { startChild } from './child-process.ts'
import { makeTempDirectory } from './temp-directory.ts'

describe('the SQLite store after SIGKILL', () => {
  it('has everything that was answered', async () => {
    using directory = makeTempDirectory()
    const settledId = newOrderId()
    const pendingId = newOrderId()
    await using owner = startChild('store-owner.ts', directory.database, settledId, pendingId)
    assert.equal(await owner.nextLine(), 'written')
    await owner.kill()

    const store = await openSqliteStore({ path: directory.database })
    const found = await store.findOrder(settledId)
    const pending = await store.listPending(10)
    await store.close()

    assert.deepEqual(found, { order: orderOf(settledId), version: 1 })
    const versions = pending.map(({ event }) => [event.order.orderId, event.version])
    assert.deepEqual(versions, [
      [settledId, 2],
      [pendingId, 1],
    ])
  })

  it('opens and works, although the write-ahead log was deleted', async () => {
    using directory = makeTempDirectory()
    await using owner = startChild('store-owner.ts', directory.database, newOrderId(), newOrderId())
    assert.equal(await owner.nextLine(), 'written')
    await owner.kill()
    rmSync(`${directory.database}-wal`)

    const store = await openSqliteStore({ path: directory.database })
    assert.equal(await store.reserve(creationOf(newOrderId())), 'reserved')
    await store.close()

    using db = new DatabaseSync(directory.database)
    assert.deepEqual({ ...db.prepare('PRAGMA integrity_check').get() }, { integrity_check: 'ok' })
  })
})

describe('the SQLite file', () => {
  it('is written with durable commits', () => {
    using directory = makeTempDirectory()
    using db = createConnector({ path: directory.database }).connect().db
    assert.deepEqual(findRow(db, 'PRAGMA journal_mode'), { journal_mode: 'wal' })
    assert.deepEqual(findRow(db, 'PRAGMA synchronous'), { synchronous: FULL })
  })

  it('cannot hold two pending events of an order, or two events of a version', () => {
    using directory = makeTempDirectory()
    using db = createConnector({ path: directory.database }).connect().db
    const insertEvent = (version: number): unknown =>
      db.exec(`
        INSERT INTO order_events (event_id, order_id, version, owner, time, topic, topic_partition,
          search_from_offset, producer_id, producer_epoch, schema_id, value, state)
        VALUES ('event', 'order', ${version}, 'owner', 0, 'topic', 0, 0, 1, 0, 1, x'00', '[]')`)
    const settleAll = (): unknown =>
      db.exec(`
        UPDATE order_events
        SET topic_offset = 1, settled_at = 1, settled_in = id, order_number = 1, owner = NULL`)
    const isRefused = { errcode: CONSTRAINT_UNIQUE }
    insertEvent(1)
    assert.throws(() => insertEvent(2), isRefused)
    settleAll()
    insertEvent(1)
    assert.throws(settleAll, isRefused)
    db.exec('UPDATE order_events SET version = 2 WHERE topic_offset IS NULL')
    settleAll()
  })

  it('records where and when an event was settled', async () => {
    using directory = makeTempDirectory()
    const creation = creationOf(newOrderId())
    const store = await openSqliteStore({ path: directory.database })
    await store.reserve(creation)
    await store.settle(creation, { partition: 1, offset: 12 })
    await store.close()

    using db = new DatabaseSync(directory.database)
    const event = findRow(db, 'SELECT topic_partition, topic_offset, settled_at FROM order_events')
    assert.equal(event['topic_partition'], 1)
    assert.equal(event['topic_offset'], 12)
    assert.ok(Math.abs(Number(event['settled_at']) - Date.now()) < HOUR_MS)
  })

  it('has the columns that orders are found by, as the latest settled event says', async () => {
    using directory = makeTempDirectory()
    const creation = creationOf(newOrderId())
    const { orderId, customerId, orderDate } = creation.event.order
    const change = changeOf(orderId, 2, 'shipped')
    const store = await openSqliteStore({ path: directory.database })
    await store.reserve(creation)
    await store.settle(creation, { partition: 1, offset: 12 })
    await store.reserve(change)
    await store.settle(change, { partition: 1, offset: 13 })
    await store.close()

    using db = new DatabaseSync(directory.database)
    assert.deepEqual(findRow(db, 'SELECT * FROM orders'), {
      order_id: orderId,
      order_number: 1,
      version: 2,
      status: 'shipped',
      customer_id: customerId,
      order_date: Date.parse(orderDate),
    })
  })

  it('is written by a probe', async () => {
    using directory = makeTempDirectory()
    const store = await openSqliteStore({ path: directory.database })
    using db = new DatabaseSync(directory.database)
    const before = findRow(db, 'SELECT writes FROM write_probe')
    await store.probe()
    const after = findRow(db, 'SELECT writes FROM write_probe')
    await store.close()
    assert.equal(after['writes'], Number(before['writes']) + 1)
  })
})

/** PRAGMA synchronous: every commit is followed by an fsync. */
const FULL = 2
/** SQLite's extended result code. */
const CONSTRAINT_UNIQUE = 2067

const HOUR_MS = 3_600_000

function findRow(db: DatabaseSync, sql: string): Record<string, unknown> {
  return { ...db.prepare(sql).get() }
}
