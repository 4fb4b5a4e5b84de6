import { execFile } from 'node:child_process'
import { copyFileSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'
import { postgresUrl } from './infrastructure.ts'
import { findBinaries } from './postgres-cluster.ts'
import { createTestSchema } from './postgres-schema.ts'
import { temporaryFolder } from './temporary-folder.ts'

const run = promisify(execFile)

/** A store as a test loses it, and finds it again. */
export interface LostStore {
  readonly url: string
  /** A copy that the operator's own tools would make, also while the service runs. */
  copy(): Promise<void>
  /** All of it. */
  lose(): Promise<void>
  /** The copy, in the place of the store. */
  restoreCopy(): Promise<void>
  /** Every fact that the topic has as well, as text. */
  facts(): Promise<string>
}

const EVENTS = (hex: (column: string) => string): string => `
  SELECT order_id, version, event_id, time, traceparent, principal, topic, topic_partition, topic_offset,
         schema_id, ${hex('key')} AS key, ${hex('value')} AS value, state
  FROM order_events ORDER BY order_id, version`

const ORDERS = `
  SELECT order_id, version, status, customer_id, order_date FROM orders ORDER BY order_id`

export async function sqliteToLose(t: TestContext): Promise<LostStore & { readonly path: string }> {
  const folder = await temporaryFolder(t)
  const path = join(folder, 'cart.db')
  const copy = join(folder, 'copy.db')
  return {
    url: `sqlite:${path}`,
    path,
    async copy() {
      using db = new DatabaseSync(path)
      db.prepare('VACUUM INTO ?').run(copy)
    },
    async lose() {
      for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true })
    },
    async restoreCopy() {
      if (existsSync(path)) throw new Error('it is there')
      copyFileSync(copy, path)
    },
    async facts() {
      using db = new DatabaseSync(path, { readOnly: true })
      const rows = [EVENTS((column) => `hex(${column})`), ORDERS].map((text) =>
        db.prepare(text).all(),
      )
      return JSON.stringify(rows)
    },
  }
}

/** Of another server's transactions: they are far ahead of ours. */
const FOREIGN_TRANSACTIONS = 1_000_000_000

export async function postgresToLose(t: TestContext): Promise<LostStore> {
  const schema = await createTestSchema()
  t.after(() => schema.drop())
  const binaries = await findBinaries()
  const dump = join(await temporaryFolder(t), 'orders.dump')
  const tool = async (name: string, ...args: readonly string[]): Promise<void> => {
    await run(join(binaries, name), [...args, `--dbname=${postgresUrl()}`])
  }
  return {
    url: schema.url(),
    copy: () => tool('pg_dump', '--format=custom', `--file=${dump}`, `--schema=${schema.name}`),
    async lose() {
      await schema.sql(
        'DROP TABLE orders, order_events, instances, schema_ids, write_probe, retired_events, order_size',
      )
      await schema.sql('DROP TABLE schema_migrations')
    },
    async restoreCopy() {
      await schema.drop()
      await tool('pg_restore', dump)
      await schema.sql(
        `UPDATE order_events SET settled_in = settled_in + ${FOREIGN_TRANSACTIONS}
         WHERE settled_in > 0`,
      )
    },
    async facts() {
      const events = await schema.sql(EVENTS((column) => `encode(${column}, 'hex')`))
      return JSON.stringify([events, await schema.sql(ORDERS)])
    },
  }
}
