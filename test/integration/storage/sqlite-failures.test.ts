import assert from 'node:assert/strict'
import { renameSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, it } from 'node:test'

import { StoreError } from '../../../src/business/ports.ts'
import type { PendingEvent } from '../../../src/models/order-event.ts'
import { BatchedStore } from '../../../src/service/storage/batched-store.ts'
import { createInlineRunner } from '../../../src/service/storage/sqlite/inline-runner.ts'
import {
  type Connection,
  type Connector,
  createConnector,
} from '../../../src/service/storage/sqlite/connection.ts'
import { SqliteEngine } from '../../../src/service/storage/sqlite/engine.ts'
import { LIST_PENDING } from '../../../src/service/storage/sqlite/order-statements.ts'
import { creationOf, newOrderId } from '../../contract/order-store-events.ts'
import { makeTempDirectory, type TempDirectory } from './temp-directory.ts'

async function rejectsWith(
  isApplied: StoreError['isApplied'],
  reason: RegExp,
  call: Promise<unknown>,
): Promise<void> {
  await assert.rejects(call, { name: 'StoreError', isApplied, message: reason })
}

/**
 * The faults are SQLite's own errors, brought about through the connection in a way that every user
 * on every machine can: a page limit gives SQLITE_FULL like a full disk does, query_only gives
 * SQLITE_READONLY like a file without write permission does.
 */
describe('the SQLite store', () => {
  let directory: TempDirectory
  let connections: Connection[]
  /** Done to each new connection, as a fault that a new connection does not cure. */
  let breakConnection: (connection: Connection) => Connection
  let store: BatchedStore

  beforeEach(async () => {
    directory = makeTempDirectory()
    connections = []
    breakConnection = (connection) => connection
    const connector = createConnector({ path: directory.database, busyTimeoutMs: 50 })
    const watched: Connector = {
      ...connector,
      connect() {
        const connection = breakConnection(connector.connect())
        connections.push(connection)
        return connection
      },
    }
    const runner = createInlineRunner(new SqliteEngine(watched))
    store = await BatchedStore.open({ runner, leaseMs: 0 })
  })

  afterEach(async () => {
    await store.close()
    directory[Symbol.dispose]()
  })

  function exec(sql: string): void {
    assert.ok(connections.at(-1)?.db.isOpen)
    connections.at(-1)?.db.exec(sql)
  }

  async function worksAgain(): Promise<void> {
    const creation = creationOf(newOrderId())
    assert.equal(await store.reserve(creation), 'reserved')
    assert.equal(await store.settle(creation, { partition: 0, offset: 1 }), 'settled')
  }

  it('applies nothing while the disk is full, reads, and works again once there is room', async () => {
    const kept = creationOf(newOrderId())
    await store.reserve(kept)
    exec('PRAGMA max_page_count = 1')

    const small = store.reserve(creationOf(newOrderId()))
    const large = store.reserve(largeCreation())
    const reading = store.listPending(10)

    await Promise.all([
      rejectsWith('no', /the disk is full/, small),
      rejectsWith('no', /the disk is full/, large),
    ])
    assert.deepEqual(await reading, [kept])
    assert.deepEqual(await store.listPending(10), [kept])
    await rejectsWith('no', /the disk is full/, store.reserve(largeCreation()))

    exec('PRAGMA max_page_count = 1000000')
    await worksAgain()
    assert.deepEqual(await store.listPending(10), [kept])
    assert.equal(connections.length, 1)
  })

  it('applies nothing while the file is read-only, and works again once it is not', async () => {
    breakConnection = (connection) => {
      connection.db.exec('PRAGMA query_only = ON')
      return connection
    }
    exec('PRAGMA query_only = ON')
    await rejectsWith('no', /it is read-only/, store.probe())
    await rejectsWith('no', /it is read-only/, store.reserve(creationOf(newOrderId())))
    assert.deepEqual(await store.listPending(10), [])

    breakConnection = (connection) => connection
    exec('PRAGMA query_only = OFF')
    await worksAgain()
  })

  it('applies nothing while another process writes, and works again once it is done', async () => {
    using writer = new DatabaseSync(directory.database)
    writer.exec('BEGIN IMMEDIATE')
    await rejectsWith('no', /another process is writing/, store.probe())
    assert.deepEqual(await store.listPending(10), [])
    writer.exec('COMMIT')
    await worksAgain()
    assert.equal(connections.length, 1)
  })

  it('does not know what was written when COMMIT reports a disk error, and reopens', async () => {
    const [creation, later] = [creationOf(newOrderId()), creationOf(newOrderId())]
    const statements = connections[0]?.statements
    assert.ok(statements)
    const commit = statements.commit
    statements.commit = () => {
      commit()
      throw Object.assign(new Error('disk I/O error'), { errcode: IOERR_FSYNC })
    }
    const calls = [store.reserve(creation), store.reserve(later)]
    await Promise.all(
      calls.map((call) => rejectsWith('unknown', /the disk reports an error/, call)),
    )
    assert.equal(connections[0]?.db.isOpen, false)

    await worksAgain()
    assert.equal(connections.length, 2)
    assert.deepEqual(await store.listPending(10), [creation, later])
  })

  it('applies nothing when SQLite rolled back by itself before COMMIT', async () => {
    const statements = connections[0]?.statements
    assert.ok(statements)
    statements.insertEvent = () => {
      exec('ROLLBACK')
      throw Object.assign(new Error('disk I/O error'), { errcode: IOERR_WRITE })
    }
    const call = store.reserve(creationOf(newOrderId()))
    await rejectsWith('no', /the disk reports an error/, call)
    await worksAgain()
  })

  it('does not know what was written when COMMIT fails in an unforeseen way', async () => {
    const statements = connections[0]?.statements
    assert.ok(statements)
    statements.commit = () => assert.fail('something else')
    const call = store.reserve(creationOf(newOrderId()))
    await rejectsWith('unknown', /was not foreseen \(something else\)/, call)
    await worksAgain()
    assert.deepEqual(await store.listPending(10), [])
  })

  it('keeps trying to open what cannot be opened', async () => {
    exec('PRAGMA query_only = ON')
    breakConnection = () => {
      throw Object.assign(new Error('unable to open database file'), { errcode: CANTOPEN })
    }
    await rejectsWith('no', /it is read-only/, store.probe())
    await rejectsWith('no', /cannot be opened/, store.probe())
    await rejectsWith('no', /cannot be opened/, store.listPending(10))
    breakConnection = (connection) => connection
    await worksAgain()
  })

  it('refuses to write to a file that was moved away, until it is back', async () => {
    const pending = creationOf(newOrderId())
    await store.reserve(pending)
    const elsewhere = `${directory.database}.elsewhere`
    renameSync(directory.database, elsewhere)
    await rejectsWith('no', /was moved, deleted or replaced/, store.probe())
    writeFileSync(directory.database, '')
    await rejectsWith('no', /was moved, deleted or replaced/, store.probe())
    renameSync(elsewhere, directory.database)
    await worksAgain()
    assert.deepEqual(await store.listPending(10), [pending])
  })

  it('lets an operation that a bug spoils fail alone, and keeps nothing of it', async () => {
    const [before, spoiled, after] = [newOrderId(), newOrderId(), newOrderId()].map(creationOf)
    assert.ok(before && spoiled && after)
    await store.reserve(spoiled)
    // An order row that cannot be: its event is still pending.
    exec(`INSERT INTO orders VALUES ('${spoiled.event.order.orderId}', 9, 7, 'pending', 'c', 0)`)

    const results = await Promise.allSettled([
      store.reserve(before),
      store.settle(spoiled, { partition: 0, offset: 1 }),
      store.reserve(after),
    ])

    assert.deepEqual(results[0], { status: 'fulfilled', value: 'reserved' })
    assert.deepEqual(results[2], { status: 'fulfilled', value: 'reserved' })
    assert.equal(results[1].status, 'rejected')
    assert.ok(!(results[1].reason instanceof StoreError))
    assert.match(String(results[1].reason), /does not stand before version 1/)
    assert.deepEqual(await store.listPending(10), [spoiled, before, after])
  })

  it('does not search the whole history for pending events', () => {
    assert.ok(connections[0])
    const explain = connections[0].db.prepare(`EXPLAIN QUERY PLAN ${LIST_PENDING}`)
    const plan = explain.all(1).map(({ detail }) => detail)
    assert.ok(plan.includes('SCAN order_events USING INDEX order_events_pending'), String(plan))
    assert.ok(!plan.includes('SCAN order_events'), String(plan))
  })
})

/** SQLite's extended result codes. */
const IOERR_FSYNC = 1034
const IOERR_WRITE = 778
const CANTOPEN = 14

/** An event that needs pages which the file does not have. */
function largeCreation(): PendingEvent {
  const creation = creationOf(newOrderId())
  return { ...creation, encoded: { ...creation.encoded, value: new Uint8Array(100_000) } }
}
