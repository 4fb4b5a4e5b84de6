import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import process from 'node:process'

import { openPostgresStore } from '../src/service/storage/postgres/store.ts'
import { createTestSchema, type TestSchema } from '../test/support/postgres-schema.ts'
import { loadStore } from './store-load.ts'

/**
 * Reserves and settles orders of 3 items on a PostgreSQL of this machine, and prints what gets
 * through, and of one order the processor time here and in the session of the server, and what the
 * server's log gets, which say something on a busy machine, too. Linux.
 *
 *   CART_TEST_POSTGRES=postgres://superuser:password@host:port/postgres node bench/store-postgres.ts
 */
const PARALLEL = [1, 32, 256]
const WARM_UP_MS = 1_000
const MEASURE_MS = 4_000
const LEASE_MS = 60_000

/** Of `/proc/<pid>/stat`, on every Linux of today. */
const MICROS_PER_TICK = 10_000

console.log('| parallel | reserve + settle/s | CPU µs each, here | in the server | log bytes |')
console.log('|---|---|---|---|---|')
for (const parallel of PARALLEL) {
  await using schema = await createTestSchema()
  const store = await openPostgresStore({
    url: `${schema.url()}&application_name=${schema.name}`,
    database: schema.name,
    mustBeDurable: true,
    leaseMs: LEASE_MS,
  })
  const session = await findSession(schema)
  await loadStore(store, parallel, WARM_UP_MS)
  const logBefore = await logBytesOf(schema)
  const before = process.cpuUsage()
  const serverBefore = cpuMicrosOf(session)
  const pairs = await loadStore(store, parallel, MEASURE_MS)
  const { user, system } = process.cpuUsage(before)
  const serverMicros = cpuMicrosOf(session) - serverBefore
  const logBytes = (await logBytesOf(schema)) - logBefore
  await store.close()
  const ofOne = [user + system, serverMicros, logBytes].map((sum) => sum / pairs)
  const columns = [(pairs * 1_000) / MEASURE_MS, ...ofOne]
  console.log(`| ${[parallel, ...columns].map(Math.round).join(' | ')} |`)
}

async function findSession(schema: TestSchema): Promise<number> {
  const rows = await schema.sql<{ pid: number }>(
    'SELECT pid FROM pg_stat_activity WHERE application_name = $1',
    [schema.name],
  )
  const [row] = rows
  assert.ok(row && rows.length === 1)
  return row.pid
}

/** Of the whole server: with nothing else at work, what this bench wrote. */
async function logBytesOf(schema: TestSchema): Promise<number> {
  const text = `SELECT (pg_current_wal_insert_lsn() - '0/0')::text AS bytes`
  const [row] = await schema.sql<{ bytes: string }>(text)
  return Number(row?.bytes)
}

function cpuMicrosOf(pid: number): number {
  // The name of the process, in brackets, may have spaces.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) * MICROS_PER_TICK
}
