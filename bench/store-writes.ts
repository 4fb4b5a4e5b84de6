import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'

import type { PendingEvent } from '../src/models/order-event.ts'
import type { Operation } from '../src/service/storage/operation.ts'
import { toEventKey, toEventRow } from '../src/service/storage/order-row.ts'
import { createConnector } from '../src/service/storage/sqlite/connection.ts'
import { SqliteEngine } from '../src/service/storage/sqlite/engine.ts'
import { markdownTable } from './orders/table.ts'
import { buildCreation } from './store-load.ts'

/**
 * What an order costs SQLite at a fixed number of orders in a transaction, so that nothing but the
 * statements and the tables decides: bytes written (the log and its checkpoints), blocks of the disk that
 * were made dirty by that, and processor time of the thread. With one order a transaction it is two,
 * reserve and settle; with more, each settles those that the one before has reserved. Linux.
 *
 *   node bench/store-writes.ts [--orders 20000] [--stored 0] [--ids random|rising|beginnings] [--items 3]
 */
const { values } = parseArgs({
  options: {
    orders: { type: 'string', default: '20000' },
    stored: { type: 'string', default: '0' },
    ids: { type: 'string', default: 'random' },
    items: { type: 'string', default: '3' },
  },
})

/** As many as are in flight at 1, 32 and 256 connections, less those that wait for Kafka. */
const ORDERS_IN_TRANSACTION = [1, 16, 128]
/** Of ids that rise apart from each other, as where each of so many callers counts its own. */
const BEGINNINGS = 256
const FILL_TRANSACTION = 2_000
const OWNER = '00000000-0000-4000-8000-000000000001'

let count = 0
let madeIds = 0

function reserve(creation: PendingEvent): Operation {
  return { kind: 'reserve', args: [OWNER, toEventRow(creation)] }
}

function settle(creation: PendingEvent): Operation {
  count += 1
  return { kind: 'settle', args: [OWNER, toEventKey(creation), { partition: 0, offset: count }] }
}

/** One more transaction than rounds: the last settles alone. */
function buildTransactions(rounds: number, size: number): readonly (readonly Operation[])[] {
  const transactions: Operation[][] = []
  let reserved: readonly PendingEvent[] = []
  for (let round = 0; round <= rounds; round += 1) {
    const settles = reserved.map(settle)
    reserved = round === rounds ? [] : Array.from({ length: size }, () => build())
    const reserves = reserved.map(reserve)
    if (size === 1) transactions.push(settles, reserves)
    else transactions.push([...settles, ...reserves])
  }
  return transactions.filter(({ length }) => length > 0)
}

function build(): PendingEvent {
  count += 1
  const id = makeId()
  return buildCreation({
    itemCount: Number(values.items),
    ...(id !== undefined && { orderId: id }),
  })
}

function makeId(): string | undefined {
  madeIds += 1
  if (values.ids === 'rising') return `order-${String(madeIds).padStart(9, '0')}`
  if (values.ids !== 'beginnings') return undefined
  return `order-${madeIds % BEGINNINGS}-${Math.floor(madeIds / BEGINNINGS)}`
}

function run(engine: SqliteEngine, transactions: readonly (readonly Operation[])[]): void {
  for (const transaction of transactions) {
    for (const result of engine.execute(transaction)) {
      assert.equal(result.kind, 'value')
      assert.ok(result.value === 'reserved' || result.value === 'settled')
    }
  }
}

function writtenBytes(): number {
  return readIo(/^wchar: (\d+)$/m)
}

function dirtiedBytes(): number {
  return readIo(/^write_bytes: (\d+)$/m)
}

function readIo(pattern: RegExp): number {
  return Number(pattern.exec(readFileSync('/proc/self/io', 'utf8'))?.[1])
}

/** Its row of the table. */
function measure(path: string, size: number): readonly string[] {
  const engine = new SqliteEngine(createConnector({ path }))
  engine.execute([{ kind: 'join', args: [OWNER, 0, 100] }])
  for (let left = Number(values.stored); left > 0; left -= FILL_TRANSACTION) {
    run(engine, buildTransactions(1, Math.min(left, FILL_TRANSACTION)))
  }
  const orders = size === 1 ? Number(values.orders) / 10 : Number(values.orders)
  const rounds = Math.round(orders / size)
  run(engine, buildTransactions(Math.ceil(rounds / 10), size))
  const transactions = buildTransactions(rounds, size)
  const before = { bytes: writtenBytes(), dirtied: dirtiedBytes() }
  const cpuBefore = process.cpuUsage()
  run(engine, transactions)
  const { user, system } = process.cpuUsage(cpuBefore)
  const spent = [writtenBytes() - before.bytes, dirtiedBytes() - before.dirtied, user + system]
  engine.close()
  const figures = spent.map((sum) => sum / (rounds * size))
  return [size, ...figures].map((figure) => String(Math.round(figure)))
}

const directory = mkdtempSync(join(tmpdir(), 'bench-writes-'))
const head = ['orders in a transaction', 'bytes written an order', 'dirtied', 'CPU µs an order']
const rows = ORDERS_IN_TRANSACTION.map((size) => measure(join(directory, `${size}.db`), size))
console.log(markdownTable(head, rows))
rmSync(directory, { recursive: true })
