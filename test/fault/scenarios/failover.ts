import assert from 'node:assert/strict'
import { runCart } from '../../support/cart-command.ts'
import {
  startPostgresCluster,
  startStandby,
  type PostgresCluster,
  type PostgresStandby,
} from '../../support/postgres-cluster.ts'
import { createTestSchema } from '../../support/postgres-schema.ts'
import { openTcpLink, type TcpLink } from '../../support/tcp-link.ts'
import { until } from '../../support/until.ts'
import { Client } from 'pg'
import { Cart } from '../harness/cart.ts'
import { nowMs } from '../harness/journal.ts'
import type { Report } from '../harness/report.ts'
import type { Scenario, ScenarioContext } from '../harness/scenario.ts'

/** A PostgreSQL and its standby, which takes over when the first one is killed under load. */

const INSTANCES = 2
const SHARED_ORDERS = 200

/** Confirmed while the standby gets nothing: these it lacks. */
const CONFIRMED_ALONE = 300

interface Pair {
  readonly cart: Cart
  readonly primary: PostgresCluster
  readonly standby: PostgresStandby
  /** The name that moves: what the service and the reader connect to. */
  readonly name: TcpLink
  /** From the standby to its primary. */
  readonly replication: TcpLink
  /** Of the first instance. */
  readonly settings: Readonly<Record<string, string>>
}

async function withPair(
  context: ScenarioContext,
  isSynchronous: boolean,
  act: (pair: Pair) => Promise<void>,
): Promise<Report> {
  await using resources = new AsyncDisposableStack()
  const primary = await startPostgresCluster()
  resources.defer(() => primary.close())
  const replication = resources.use(await openTcpLink(primary.port))
  const standby = await startStandby(replication.port)
  resources.defer(() => standby.close())
  await until(
    async () => (await ask(primary.url, 'SELECT FROM pg_stat_replication')).length === 1,
    'the standby follows',
  )
  if (isSynchronous) {
    await ask(primary.url, `ALTER SYSTEM SET synchronous_standby_names = '*'`)
    await ask(primary.url, 'SELECT pg_reload_conf()')
    await until(
      async () =>
        (await ask(primary.url, `SELECT FROM pg_stat_replication WHERE sync_state = 'sync'`))
          .length === 1,
      'the standby is synchronous',
    )
  }
  const schema = await createTestSchema(primary.url)
  const name = resources.use(await openTcpLink(primary.port))
  const byName = (url: string): string => {
    const address = new URL(url)
    address.port = String(name.port)
    address.search = new URL(schema.url()).search
    return address.href
  }
  const databaseUrl = byName(schema.url())
  await using cart = await Cart.start(context, {
    instances: INSTANCES,
    postgresUrl: byName(primary.url),
    load: { sharedOrders: SHARED_ORDERS, pauseMs: 10 },
    settings: { DATABASE_URL: databaseUrl },
    settingsOf: () => ({ DATABASE_URL: databaseUrl }),
  })
  const settings = {
    KAFKA_BOOTSTRAP_SERVERS: context.cluster.directServers,
    ...context.cluster.access,
    SCHEMA_REGISTRY_URL: context.registryUrl,
    KAFKA_TOPIC: cart.topic,
    DATABASE_URL: databaseUrl,
  }
  await act({ cart, primary, standby, name, replication, settings })
  await cart.stopLoad()
  await cart.untilSettled()
  cart.notes.push(`audit: ${(await cart.service.audit()).trim()}`)
  return await cart.finish({ mayAnswerLate: true })
}

async function ask(url: string, text: string): Promise<readonly unknown[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text)).rows as unknown[]
  } finally {
    await client.end()
  }
}

/** Resolves when the name leads to the promoted standby. */
async function failOver({ cart, primary, standby, name }: Pair): Promise<void> {
  cart.journal.noteFault('primary: killed')
  await primary.crash()
  await standby.promote()
  name.pointTo(standby.port)
  cart.journal.noteFault('standby: promoted')
}

const synchronous: Scenario = {
  name: 'failover-synchronous',
  about: 'PostgreSQL is killed under load and its synchronous standby promoted',
  brokers: 1,
  run: (context) =>
    withPair(context, true, async (pair) => {
      const { cart } = pair
      const sinceMs = nowMs()
      await failOver(pair)
      await cart.runWell()
      const seconds = ((nowMs() - sinceMs) / 1_000).toFixed(1)
      cart.notes.push(`200 changes were confirmed again ${seconds} s after the kill`)
      assert.ok(
        cart.instances.every((instance) => instance.hasWritten('compared with the topic')),
        'every instance has compared the standby with the topic',
      )
      await cart.untilSettled()
    }),
}

const asynchronous: Scenario = {
  name: 'failover-asynchronous',
  about: 'PostgreSQL is killed, and a standby promoted that lacks its last commits: it is refused',
  brokers: 1,
  run: (context) =>
    withPair(context, false, async (pair) => {
      const { cart, replication, settings } = pair
      await replication.set('silent')
      await cart.runWell(CONFIRMED_ALONE)
      await failOver(pair)
      for (const instance of cart.instances) {
        assert.equal((await instance.died()).code, 1)
        assert.ok(instance.hasWritten('lacks events of topic'), instance.output())
      }
      // Idempotency keys are not on the topic: callers of before do not ask again.
      await cart.stopLoad()
      const audit = await runCart(['audit', '--json'], settings)
      const { differences } = JSON.parse(audit.stdout) as { differences: readonly unknown[] }
      cart.notes.push(`the promoted standby lacked events: ${differences.length} differences`)
      assert.ok(differences.length > 0)
      await cart.service.spawn()
      assert.equal((await cart.service.died()).code, 1, 'a start is refused')
      // The leases of those that ended without leaving.
      await until(
        async () => (await runCart(['rebuild'], settings)).code === 0,
        'the store is rebuilt',
      )
      await Promise.all(cart.instances.map((instance) => instance.start()))
      cart.startLoad()
      await cart.runWell()
    }),
}

export const FAILOVERS: readonly Scenario[] = [synchronous, asynchronous]
