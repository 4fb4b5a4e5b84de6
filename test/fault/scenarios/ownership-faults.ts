import { setTimeout } from 'node:timers/promises'
import { until } from '../../support/until.ts'
import { proxyOf } from '../harness/broker-answers.ts'
import type { Cart, Doubts } from '../harness/cart.ts'
import type { Instance } from '../harness/instance.ts'
import { isConfirmed, nowMs } from '../harness/journal.ts'
import type { Scenario } from '../harness/scenario.ts'
import { withInstances } from '../harness/with-instances.ts'

/** The owners of events, where an instance or the database is away for longer than a lease. */

const LEASE_MS = 5_000

/** A lease without progress; a renewal of the one and a look of the other, five a lease; and five seconds. */
const HANDED_OVER_MS_MAX = LEASE_MS * (1 + 2 / 5) + 5_000

/** The order of a doubt that is settled takes changes. */
const CHANGED_MS_MAX = 5_000

const cutOffFromKafka: Scenario = {
  name: 'owner-cut-off-from-kafka',
  about: 'one of three instances does not reach Kafka for longer than its lease, with doubts',
  brokers: 1,
  run: (context) =>
    withInstances(
      context,
      async ({ cart }) => {
        const proxy = proxyOf(context.cluster)
        const [cutOff, other] = cart.instances
        if (cutOff === undefined || other === undefined) return
        for (const link of ['silent', 'refused'] as const) {
          const held = proxy.hold()
          await until(() => held.count() > 0, 'a request of the first instance is held')
          await proxy.setLink(link)
          cart.journal.noteFault(`the way from service 0 to Kafka: ${link}`)
          const doubts = await cart.doubts()
          await cart.untilSettled(doubts)
          const tookMs = nowMs() - doubts.sinceMs
          cart.notes.push(
            `${link}: ${doubts.eventIds.length} doubts of an instance that is cut off were settled by others after ${(tookMs / 1_000).toFixed(1)} s`,
          )
          if (tookMs > HANDED_OVER_MS_MAX) cart.noteLate('what a cut-off instance held')
          await changeOrders(cart, doubts, other)
          await proxy.setLink('open')
          cart.journal.noteFault('the way to Kafka: open')
          held.release()
          await untilConfirmedBy(cart, cutOff)
        }
      },
      {
        settings: { INSTANCE_LEASE_MS: String(LEASE_MS) },
        settingsOf: (number) =>
          number === 0 ? { KAFKA_BOOTSTRAP_SERVERS: context.cluster.proxiedServers } : {},
      },
    ),
}

/** Of each order that was in doubt, while its former owner is still cut off. */
async function changeOrders(cart: Cart, doubts: Doubts, instance: Instance): Promise<void> {
  const eventIds = new Set(doubts.eventIds)
  for await (const { eventId, orderId } of cart.store.events()) {
    if (!eventIds.has(eventId)) continue
    await until(
      // The load changes it too, so it takes more than one attempt.
      async () =>
        isConfirmed(await cart.ask({ orderId, kind: 'update', asked: 'shipped' }, instance)),
      `order ${orderId} takes a change at another instance`,
      CHANGED_MS_MAX,
    )
  }
}

async function untilConfirmedBy(cart: Cart, { number }: Instance): Promise<void> {
  const sinceMs = nowMs()
  await until(
    () =>
      cart.journal.entries.some(
        (entry) => entry.instance === number && entry.sentAtMs > sinceMs && isConfirmed(entry),
      ),
    `service ${number} confirms changes again`,
  )
}

/** Longer than the lease, which is ten seconds here; the others' leases have then just run out. */
const DATABASE_AWAY_MS = 12_000

/** src/compose.ts writes this of an instance that was taken over from. */
const LEASE_LOST = 'another instance has taken over'

const firstAfterOutage: Scenario = {
  name: 'first-after-database-outage',
  about:
    'PostgreSQL is away for longer than the leases, and a new instance is the first to be back',
  brokers: 1,
  run: (context) =>
    withInstances(
      context,
      async ({ cart, postgres }) => {
        const others = cart.instances.slice(0, -1)
        const newcomer = cart.instances.at(-1)
        if (newcomer === undefined) return
        cart.journal.noteFault('PostgreSQL: SIGQUIT')
        await postgres.crash()
        await newcomer.kill()
        await setTimeout(DATABASE_AWAY_MS)
        const idsBefore = await Promise.all(others.map(idOf))
        // They live, and are later than the one that has just started.
        for (const other of others) other.pause()
        await postgres.start()
        cart.journal.noteFault('PostgreSQL: started')
        await newcomer.start()
        const doubts = await cart.doubts()
        for (const other of others) other.resume()
        await cart.untilSettled(doubts)
        await cart.runWell()
        cart.notes.push(`${doubts.eventIds.length} events were pending when the first was back`)
        if (others.some((other) => other.hasWritten(LEASE_LOST))) {
          throw new Error('an instance that lives was taken over from')
        }
        const idsAfter = await Promise.all(others.map(idOf))
        if (idsAfter.join() !== idsBefore.join()) throw new Error('an instance joined anew')
      },
      { mayAnswerLate: true },
    ),
}

async function idOf(instance: Instance): Promise<string> {
  return (await instance.health()).instance.id
}

/** Each of them changes what a statement means, how its answer is written, or how long it may take. */
const HOSTILE = {
  bytea_output: 'escape',
  DateStyle: 'SQL, DMY',
  IntervalStyle: 'sql_standard',
  TimeZone: 'Asia/Kolkata',
  client_encoding: 'LATIN1',
  standard_conforming_strings: 'off',
  extra_float_digits: '-15',
  default_transaction_isolation: 'serializable',
  default_transaction_deferrable: 'on',
  synchronous_commit: 'off',
  statement_timeout: '1',
  lock_timeout: '1',
  idle_in_transaction_session_timeout: '1',
  idle_session_timeout: '1',
}

const KILLS = 6

const hostileRole: Scenario = {
  name: 'hostile-role-defaults',
  about: 'instances are killed, and the defaults of their database role are unusual',
  brokers: 1,
  run: (context) =>
    withInstances(
      context,
      async ({ cart }) => {
        const proxy = proxyOf(context.cluster)
        for (let round = 0; round < context.rounds(KILLS, 1); round += 1) {
          // Events that are published then come from the store.
          const held = proxy.hold()
          await until(() => held.count() > 0, 'a request is held')
          const victim = context.random.pick(cart.instances)
          await victim.kill()
          held.release()
          const doubts = await cart.doubts()
          await victim.start()
          await cart.untilSettled(doubts)
          await cart.runWell()
        }
      },
      {
        via: 'proxy',
        settings: { INSTANCE_LEASE_MS: String(LEASE_MS) },
        roleDefaults: HOSTILE,
      },
    ),
}

export const OWNERSHIP_FAULTS = [cutOffFromKafka, firstAfterOutage, hostileRole]
