import { setTimeout } from 'node:timers/promises'
import { nowMs } from '../harness/journal.ts'
import type { Scenario } from '../harness/scenario.ts'
import { INSTANCES, withInstances } from '../harness/with-instances.ts'
import { dieAtOnce, FAILPOINTS, POINTS } from './failpoints.ts'

/** Faults of three instances that share a database, and of the database. */

/** From one death to the next. */
const KILL_EVERY_MS = 5_000

/**
 * A lease, until the dead instance is known to be gone; one more where the others have just started,
 * and take over only what is older; one more where the kill hits the one that took over; five seconds.
 */
const SETTLED_BETWEEN_KILLS_MS = 35_000

/** Twice the lease: others have taken over long before it wakes up. */
const PAUSE_MS = 20_000

const KILL_MINUTES = 10
const KILL_MINUTES_SHORT = 0.15

const instanceKill: Scenario = {
  name: 'instance-kill',
  about: `three instances on PostgreSQL, one killed every five seconds, for --minutes (${KILL_MINUTES})`,
  brokers: 1,
  run: (context) =>
    withInstances(context, async ({ cart }) => {
      const settling: Array<Promise<void>> = []
      const minutes = context.minutes ?? context.rounds(KILL_MINUTES, KILL_MINUTES_SHORT)
      const startMs = nowMs()
      const endMs = startMs + minutes * 60_000
      let kills = 0
      while (nowMs() < endMs) {
        const nextMs = startMs + (kills + 1) * KILL_EVERY_MS
        await setTimeout(Math.max(0, nextMs - nowMs()))
        const victim = context.random.pick(cart.instances)
        await victim.kill()
        // Whoever settles them, before or after it is back.
        settling.push(cart.untilSettled(await cart.doubts(), SETTLED_BETWEEN_KILLS_MS))
        await victim.start()
        kills += 1
        if (kills % 10 === 0) context.progress(`${kills} kills`)
      }
      cart.notes.push(`${kills} kills in ${minutes} minutes`)
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
    }),
}

const postgresCrash: Scenario = {
  name: 'postgres-crash',
  about: 'PostgreSQL ends at once, under three instances, and is started again',
  brokers: 1,
  run: (context) =>
    withInstances(context, async ({ cart, postgres }) => {
      const rounds = context.rounds(10, 1)
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

const postgresCut: Scenario = {
  name: 'postgres-cut',
  about: 'one of three instances does not reach PostgreSQL for longer than its lease',
  brokers: 1,
  run: (context) =>
    withInstances(context, async ({ cart, link }) => {
      for (let round = 0; round < context.rounds(2, 1); round += 1) {
        for (const state of ['silent', 'refused'] as const) {
          await link.set(state)
          cart.journal.noteFault(`the way from service ${INSTANCES - 1} to PostgreSQL: ${state}`)
          await setTimeout(PAUSE_MS)
          await link.set('open')
          cart.journal.noteFault('the way to PostgreSQL: open')
          await cart.untilSettled()
          await cart.runWell()
        }
      }
    }),
}

/** A lease that does not make every death a long wait. */
const SHORT_LEASE_MS = 5_000

const takeOverPoints: Scenario = {
  name: 'failpoints-taken-over',
  about: 'an instance dies at each step of the protocol; the others take over, and die at that too',
  brokers: 1,
  run: (context) =>
    withInstances(
      context,
      async ({ cart }) => {
        const [first, second] = cart.instances
        if (first === undefined || second === undefined) return
        for (const point of POINTS) {
          if (point.endsWith('recover')) {
            await second.kill()
            const settings = { CART_FAILPOINT: `${point} 1` }
            await second.start(settings, { imports: [FAILPOINTS] })
            // It takes over what this one leaves, unless the third is faster.
            cart.journal.noteFault(`service 1 is to die ${point}`)
            await first.kill()
            await Promise.race([second.died(), cart.untilSettled()])
            await second.close()
            await second.start()
          } else {
            await first.kill()
            await dieAtOnce(cart, context, point)
          }
          await cart.untilSettled()
          await first.start()
          context.progress(`died ${point}`)
        }
      },
      { via: 'proxy', settings: { INSTANCE_LEASE_MS: String(SHORT_LEASE_MS) } },
    ),
}

export const INSTANCE_FAULTS = [
  instanceKill,
  instancePause,
  instancePauseInOutage,
  instanceStop,
  postgresCrash,
  sessionsEnded,
  postgresCut,
  takeOverPoints,
]
