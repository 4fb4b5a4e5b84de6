import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'

import type { PendingEvent } from '../../../src/models/order-event.ts'
import type { OrderId } from '../../../src/models/order.ts'
import type { Operation } from '../../../src/service/storage/operation.ts'
import { toEventKey, toEventRow } from '../../../src/service/storage/order-row.ts'
import { createConnector } from '../../../src/service/storage/sqlite/connection.ts'
import { SqliteEngine } from '../../../src/service/storage/sqlite/engine.ts'
import { creationOf } from '../../contract/order-store-events.ts'
import { makeTempDirectory } from './temp-directory.ts'

const OWNER = 'owner'

describe('what an order costs SQLite', () => {
  it('is not more bytes than these, alone and with others in a transaction', () => {
    assert.ok(logBytesOf(1_000, 100) < 2_100, 'with others')
    assert.ok(logBytesOf(200, 1) < 24_000, 'alone')
  })

  it('is no look through a whole table', (t) => {
    using directory = makeTempDirectory()
    const prepare = t.mock.method(DatabaseSync.prototype, 'prepare')
    using db = createConnector({ path: directory.database }).connect().db
    const statements = prepare.mock.calls.map(({ arguments: [sql] }) => sql)
    const scans = statements
      .filter((sql) => /\border(s|_events)\b/.test(sql))
      .flatMap((sql) => db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all())
      .map(({ detail }) => String(detail))
      .filter((detail) => detail.startsWith('SCAN order'))
    // The newest settled event, and the pending ones, which are few.
    assert.deepEqual(new Set(scans), new Set(INDEXES_READ_FROM_THE_END))
  })
})

const INDEXES_READ_FROM_THE_END = [
  'SCAN order_events USING INDEX order_events_settled',
  'SCAN order_events USING INDEX order_events_pending',
]

/** What reserving and settling an order adds to the log; each transaction settles what the last reserved. */
function logBytesOf(count: number, perTransaction: number): number {
  using directory = makeTempDirectory()
  const engine = new SqliteEngine(createConnector({ path: directory.database }))
  using _ = { [Symbol.dispose]: () => engine.close() }
  engine.execute([{ kind: 'join', args: [OWNER, 0, 100] }])
  const before = statSync(`${directory.database}-wal`).size
  let reserved: readonly PendingEvent[] = []
  for (let done = 0; done <= count; done += perTransaction) {
    const settles = reserved.map((pending): Operation => {
      return { kind: 'settle', args: [OWNER, toEventKey(pending), { partition: 0, offset: done }] }
    })
    reserved = Array.from({ length: done === count ? 0 : perTransaction }, (_order, index) =>
      creationAt(done + index),
    )
    const reserves = reserved.map((pending): Operation => {
      return { kind: 'reserve', args: [OWNER, toEventRow(pending)] }
    })
    const transactions = perTransaction === 1 ? [settles, reserves] : [[...settles, ...reserves]]
    for (const { kind } of transactions.flatMap((batch) => engine.execute(batch))) {
      assert.equal(kind, 'value')
    }
  }
  return (statSync(`${directory.database}-wal`).size - before) / count
}

/** Ids that rise, customers that repeat in no order, three items. */
function creationAt(number: number): PendingEvent {
  const creation = creationOf(`order-${String(number).padStart(9, '0')}` as OrderId)
  const { order } = creation.event
  const item = { itemId: 'ITEM-KEYBOARD-123', quantity: 2, priceMinor: 1_999 }
  const customerId = `CUST-${1_000 + ((number * 7_919) % 9_000)}`
  const event = { ...creation.event, order: { ...order, customerId, items: [item, item, item] } }
  const value = new Uint8Array(200)
  return { ...creation, event, encoded: { ...creation.encoded, value } }
}
