import { setTimeout } from 'node:timers/promises'
import { startPostgresCluster, type PostgresCluster } from '../../support/postgres-cluster.ts'
import { createTestSchema, type TestSchema } from '../../support/postgres-schema.ts'
import { Cart, type CartOptions } from '../harness/cart.ts'
import type { Report } from '../harness/report.ts'
import type { Scenario, ScenarioContext } from '../harness/scenario.ts'

/** Three instances on one PostgreSQL, asked by all callers about the same 200 orders. */

const INSTANCES = 3
const SHARED_ORDERS = 200

/** From one death to the next. */
const KILL_EVERY_MS = 5_000

/** Twice the lease: others have taken over long before it wakes up. */
const PAUSE_MS = 20_000

interface SharedCart {
  readonly cart: Cart
  readonly postgres: PostgresCluster
  readonly schema: TestSchema
}

async function withInstances(
  context: ScenarioContext,
  act: (shared: SharedCart) => Promise<void>,
  { mayAnswerLate = false, ...options }: CartOptions & { mayAnswerLate?: boolean } = {},
): Promise<Report> {
  await using resources = new AsyncDisposableStack()
  const postgres = await startPostgresCluster()
  resources.defer(() => postgres.close())
  const schema = await createTestSchema(postgres.url)
  await using cart = await Cart.start(context, {
    instances: INSTANCES,
    postgresUrl: schema.url(),
    load: { sharedOrders: SHARED_ORDERS, pauseMs: 10 },
    ...options,
  })
  await act({ cart, postgres, schema })
  return await cart.finish({ mayAnswerLate })
}

const instanceKill: Scenario = {
  name: 'instance-kill',
  about: 'three instances on PostgreSQL, one of them killed every five seconds and started again',
  brokers: 1,
  run: (context) =>
    withInstances(context, async ({ cart }) => {
      const settling: Array<Promise<void>> = []
      const rounds = context.rounds(24, 3)
      for (let round = 1; round <= rounds; round += 1) {
        await setTimeout(KILL_EVERY_MS)
        const victim = context.random.pick(cart.instances)
        await victim.kill()
        // Whoever settles them, before or after it is back.
        settling.push(cart.untilSettled(await cart.doubts()))
        await victim.start()
        if (round % 10 === 0) context.progress(`${round} of ${rounds} kills`)
      }
      await Promise.all(settling)
      await cart.runWell()
    }),
}

const instancePause: Scenario = {
  name: 'instance-pause',
  about: 'three instances on PostgreSQL, one of them paused for longer than its lease',
  brokers: 1,
  run: (context) =>
    withInstances(
      context,
      async ({ cart }) => {
        for (let round = 0; round < context.rounds(3, 1); round += 1) {
          const victim = context.random.pick(cart.instances)
          victim.pause()
          await cart.untilSettled()
          await setTimeout(PAUSE_MS)
          victim.resume()
          await cart.untilSettled()
          await cart.runWell()
        }
      },
      { mayAnswerLate: true },
    ),
}

const instancePauseInOutage: Scenario = {
  name: 'instance-pause-in-outage',
  about:
    'one of three instances is paused while its requests are held; they arrive after the take-over',
  brokers: 1,
  run: (context) =>
    withInstances(
      context,
      async ({ cart }) => {
        const proxy = context.cluster.brokers[0]?.proxy
        for (let round = 0; round < context.rounds(3, 1); round += 1) {
          const held = proxy?.hold()
          cart.journal.noteFault('Produce requests are held')
          await setTimeout(200)
          const victim = context.random.pick(cart.instances)
          victim.pause()
          held?.letOthersPass()
          await cart.untilSettled()
          await setTimeout(PAUSE_MS)
          cart.journal.noteFault(`${held?.count()} held requests are handed on`)
          held?.release()
          victim.resume()
          await cart.untilSettled()
          await cart.runWell()
        }
      },
      { mayAnswerLate: true, via: 'proxy' },
    ),
}

const instanceStop: Scenario = {
  name: 'rolling-restart',
  about: 'three instances on PostgreSQL are stopped and started, one after the other',
  brokers: 1,
  run: (context) =>
    withInstances(context, async ({ cart }) => {
      for (let round = 0; round < context.rounds(4, 1); round += 1) {
        for (const instance of cart.instances) {
          const { code } = await instance.stop()
          if (code !== 0) throw new Error(`it ended with ${code}: ${instance.output()}`)
          await instance.start()
          await cart.runWell(50)
        }
      }
      await cart.untilSettled()
      cart.noteUnanswered()
    }),
}

const postgresCrash: Scenario = {
  name: 'postgres-crash',
  about: 'PostgreSQL ends at once, under three instances, and is started again',
  brokers: 1,
  run: (context) =>
    withInstances(context, async ({ cart, postgres }) => {
      const rounds = context.rounds(10, 2)
      for (let round = 1; round <= rounds; round += 1) {
        await setTimeout(context.random.integer(0, 2_000))
        cart.journal.noteFault('PostgreSQL: SIGQUIT')
        await postgres.crash()
        await setTimeout(context.random.integer(0, 8_000))
        await postgres.start()
        cart.journal.noteFault('PostgreSQL: started')
        await cart.untilSettled()
        await cart.runWell()
        if (round % 5 === 0) context.progress(`${round} of ${rounds} crashes`)
      }
    }),
}

const sessionsEnded: Scenario = {
  name: 'sessions-ended',
  about: 'PostgreSQL ends the sessions of three instances in the middle of their work',
  brokers: 1,
  run: (context) =>
    withInstances(context, async ({ cart, schema }) => {
      for (let round = 0; round < context.rounds(50, 5); round += 1) {
        await setTimeout(context.random.integer(0, 500))
        cart.journal.noteFault('PostgreSQL: sessions ended')
        await schema.sql(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'cart'`,
        )
        await cart.runWell(20)
      }
      await cart.untilSettled()
    }),
}

export const INSTANCE_FAULTS = [
  instanceKill,
  instancePause,
  instancePauseInOutage,
  instanceStop,
  postgresCrash,
  sessionsEnded,
]
