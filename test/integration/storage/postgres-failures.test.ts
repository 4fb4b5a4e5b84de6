import assert from 'node:assert/strict'
import process from 'node:process'
import { after, before, beforeEach, describe, test } from 'node:test'
import { Client } from 'pg'

import { StoreError } from '../../../src/business/ports.ts'
import type { OrderId } from '../../../src/models/order.ts'
import type { BatchedStore } from '../../../src/service/storage/batched-store.ts'
import { beginSession } from '../../../src/service/storage/postgres/session.ts'
import { openPostgresStore } from '../../../src/service/storage/postgres/store.ts'
import { creationOf, newOrderId } from '../../contract/order-store-events.ts'
import { startPostgresCluster, type PostgresCluster } from '../../support/postgres-cluster.ts'
import { createTestSchema, ROLE_PASSWORD, type TestSchema } from '../../support/postgres-schema.ts'
import { until } from '../../support/until.ts'
import { openStore, type StoreSettings } from './postgres-store.ts'

/** Short, because the time that a hanging session may take is a part of it. */
const LEASE_MS = 4_000
const CALLERS = 32
/** If each waited for its own time-out, the test would. */
const MANY = 400
const POSITION = { partition: 0, offset: 1 }

/** Reserves and settles, many at a time, and knows what was promised of each order. */
class Load {
  readonly #store: BatchedStore
  readonly promised = new Map<OrderId, 'settled' | 'reserved' | 'nothing' | 'unknown'>()
  readonly failures: StoreError[] = []
  doneCount = 0
  #isStopped = false
  readonly #callers: Promise<unknown>

  constructor(store: BatchedStore) {
    this.#store = store
    this.#callers = Promise.all(Array.from({ length: CALLERS }, () => this.#call()))
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#callers
  }

  /** Resolves when it runs well: again, after a failure. */
  async runWell(): Promise<void> {
    const enough = this.doneCount + 10 * CALLERS
    await until(
      () => this.doneCount >= enough,
      `the load runs; last: ${this.failures.at(-1)?.message}`,
    )
  }

  async #call(): Promise<void> {
    while (!this.#isStopped) {
      const creation = creationOf(newOrderId())
      const { orderId } = creation.event.order
      try {
        this.promised.set(orderId, 'nothing')
        assert.equal(await this.#store.reserve(creation), 'reserved')
        this.promised.set(orderId, 'reserved')
        assert.equal(await this.#store.settle(creation, POSITION), 'settled')
        this.promised.set(orderId, 'settled')
        this.doneCount += 1
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
        this.failures.push(error)
        if (error.isApplied === 'unknown') this.promised.set(orderId, 'unknown')
      }
    }
  }

  async assertTrue(schema: TestSchema): Promise<void> {
    const rows = await schema.sql<{ order_id: OrderId; is_pending: boolean }>(
      'SELECT order_id, topic_offset IS NULL AS is_pending FROM order_events',
    )
    const found = new Map(
      rows.map((row) => [row.order_id, row.is_pending ? 'reserved' : 'settled']),
    )
    for (const [orderId, promise] of this.promised) {
      if (promise === 'unknown') continue
      assert.equal(found.get(orderId) ?? 'nothing', promise)
    }
  }
}

describe('PostgreSQL that fails', () => {
  let cluster: PostgresCluster
  let schema: TestSchema

  before(async () => {
    cluster = await startPostgresCluster({ max_connections: '12' })
  })

  beforeEach(async () => {
    schema = await createTestSchema(cluster.url)
  })

  after(() => cluster.close())

  async function listSessions(): Promise<readonly number[]> {
    const rows = await schema.sql<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE application_name = 'cart-service'`,
    )
    return rows.map(({ pid }) => pid)
  }

  test('keeps every promise over crashes, and is used again once it is back', async () => {
    await using store = await openDisposable(schema)
    const load = new Load(store)
    try {
      for (let round = 0; round < 3; round += 1) {
        await load.runWell()
        await cluster.crash()
        const failures = load.failures.length
        await until(() => load.failures.length > failures, 'calls fail')
        await cluster.start()
      }
      await load.runWell()
    } finally {
      await load.stop()
    }
    await load.assertTrue(schema)
  })

  test('keeps every promise while its sessions are terminated', async () => {
    await using store = await openDisposable(schema)
    const load = new Load(store)
    try {
      for (let round = 0; round < 10; round += 1) {
        await load.runWell()
        await schema.sql(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE application_name = 'cart-service'`,
        )
      }
      await load.runWell()
    } finally {
      await load.stop()
    }
    await load.assertTrue(schema)
  })

  test('without a free connection refuses, and the store comes back with one', async () => {
    await using store = await openDisposable(schema)
    const [session] = await listSessions()
    const others = await takeAllConnections(schema)
    try {
      await schema.sql('SELECT pg_terminate_backend($1)', [session])
      await others.takeOneMore()
      await until(
        () =>
          store.probe().then(
            () => false,
            (error: Error) => /connections/.test(error.message),
          ),
        'the store is told that there are no connections',
      )
    } finally {
      await others.release()
    }
    await until(() => store.probe().then(() => true), 'the store has a connection again')
    assert.equal(await store.reserve(creationOf(newOrderId())), 'reserved')
  })

  test('that hangs leaves a call unknown, and carries it out never after the next answer', async () => {
    await using store = await openDisposable(schema, { leaseMs: LEASE_MS })
    const [session] = await listSessions()
    assert.ok(session !== undefined)
    const creation = creationOf(newOrderId())
    process.kill(session, 'SIGSTOP')
    try {
      await assert.rejects(store.reserve(creation), { name: 'StoreError', isApplied: 'unknown' })
      await assert.rejects(store.discard(creation), { name: 'StoreError', isApplied: 'no' })
    } finally {
      process.kill(session, 'SIGCONT')
    }
    let discarded: string | undefined
    await until(async () => {
      discarded = await store.discard(creation)
      return true
    }, 'the store answers again')
    assert.match(discarded ?? '', /^(?:absent|discarded)$/)
    assert.ok(!(await listSessions()).includes(session))
    assert.deepEqual(await store.listPending(1), [])
  })

  test('that is locked by somebody else refuses, before the caller gives up', async () => {
    await using store = await openDisposable(schema, { leaseMs: LEASE_MS })
    const somebody = await connectTo(cluster.url)
    try {
      await somebody.query('BEGIN')
      await somebody.query(`LOCK TABLE ${schema.name}.order_events`)
      // One order at most once in a statement: none of the later ones waits as long as the first.
      const orderId = newOrderId()
      const calls = Array.from({ length: MANY }, () => store.reserve(creationOf(orderId)))
      for (const outcome of await Promise.allSettled(calls)) {
        assert.ok(outcome.status === 'rejected' && outcome.reason instanceof StoreError)
        assert.match(outcome.reason.message, /it took too long/)
        assert.equal(outcome.reason.isApplied, 'no')
      }
    } finally {
      await somebody.end()
    }
    assert.equal(await store.reserve(creationOf(newOrderId())), 'reserved')
  })

  test('rejects a statement that only a bug can bring, and the other orders go through', async () => {
    await using store = await openDisposable(schema)
    const creations = [
      creationOf(newOrderId()),
      creationOf('order-\0' as OrderId),
      creationOf(newOrderId()),
    ]
    const [before_, bug, after_] = await Promise.allSettled(
      creations.map((one) => store.reserve(one)),
    )
    assert.deepEqual(
      [before_, after_].map((one) => one?.status),
      ['fulfilled', 'fulfilled'],
    )
    assert.ok(bug?.status === 'rejected' && !(bug.reason instanceof StoreError))
  })
})

describe('PostgreSQL that is not fit', () => {
  const refusals: ReadonlyArray<[what: string, url: (schema: TestSchema) => string, RegExp]> = [
    ['is away', () => 'postgres://cart:hush@127.0.0.1:1/cart', /cannot be reached .*ECONNREFUSED/],
    [
      'does not know the user',
      (schema) => edit(schema, { username: 'nobody' }),
      /refuses the user/,
    ],
    [
      'is given a wrong password',
      (schema) => edit(schema, { password: 'hush' }),
      /refuses the user/,
    ],
    ['has no such database', (schema) => edit(schema, { pathname: '/none' }), /no such database/],
    ['is read-only', (schema) => schema.url({ default_transaction_read_only: 'on' }), /read-only/],
  ]
  for (const [what, urlOf, reason] of refusals) {
    test(`is refused at the start when it ${what}, in a sentence without the password`, async () => {
      await using schema = await createTestSchema()
      const options = { url: urlOf(schema), database: 'cart at db:5432', leaseMs: LEASE_MS }
      await assert.rejects(openPostgresStore({ ...options, mustBeDurable: true }), (error) => {
        assert.ok(error instanceof StoreError)
        assert.match(error.message, /^The database cart at db:5432 cannot be used: /)
        assert.match(error.message, reason)
        assert.ok(!error.message.includes(ROLE_PASSWORD) && !error.message.includes('hush'))
        return true
      })
    })
  }

  test('is refused when it would lose what it confirmed, unless that is accepted', async () => {
    const cluster = await startPostgresCluster({ fsync: 'off' })
    try {
      const schema = await createTestSchema(cluster.url)
      await assert.rejects(openStore(schema), { name: 'StoreError', message: /with fsync .* off/ })
      await (await openStore(schema, { mustBeDurable: false })).close()
    } finally {
      await cluster.close()
    }
  })

  test('has its commits awaited where it is set up not to', async () => {
    await using schema = await createTestSchema()
    const parameters = { synchronous_commit: 'off' }
    const client = await connectTo(schema.url(parameters))
    try {
      await beginSession(client, { database: 'of the test', mustBeDurable: true, statementMs: 0 })
      const { rows } = await client.query('SHOW synchronous_commit')
      assert.deepEqual(rows, [{ synchronous_commit: 'on' }])
    } finally {
      await client.end()
    }
  })
})

async function openDisposable(
  schema: TestSchema,
  settings?: StoreSettings,
): Promise<BatchedStore & AsyncDisposable> {
  const store = await openStore(schema, settings)
  return Object.assign(store, { [Symbol.asyncDispose]: () => store.close() })
}

async function connectTo(url: string): Promise<Client> {
  const client = new Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  return client
}

/** All that an ordinary role may have: those that are free now, and one more that gets free. */
async function takeAllConnections(schema: TestSchema) {
  const clients: Client[] = []
  const takeOne = async () => void clients.push(await connectTo(schema.url()))
  try {
    for (;;) await takeOne()
  } catch {
    // None is left.
  }
  return {
    takeOneMore: () => until(() => takeOne().then(() => true), 'a connection is free'),
    async release() {
      for (const client of clients) await client.end()
    },
  }
}

function edit(schema: TestSchema, parts: Partial<URL>): string {
  return Object.assign(new URL(schema.url()), parts).href
}
