import { setTimeout } from 'node:timers/promises'
import type { KafkaProxy, ProduceFate } from '../../support/kafka-proxy.ts'
import { until } from '../../support/until.ts'
import { Cart } from '../harness/cart.ts'
import { nowMs } from '../harness/journal.ts'
import { confirmationsByPartition } from '../harness/measures.ts'
import type { Scenario } from '../harness/scenario.ts'
import { codeOf, PROOFS } from '../../support/broker-errors.ts'
import { NO_PROOFS, proxyOf } from '../harness/broker-answers.ts'

/** Faults of single Produce requests and of their answers, made by the proxy before the broker. */

/** Longer than the publish time-out and than several tries of the lanes. */
const OUTAGE_MS = 12_000

/** Long enough for a rate. */
const RATE_MS = 15_000

/** The next Produce requests, of whatever partition, meet these fates. */
async function meet(cart: Cart, proxy: KafkaProxy, what: string, fates: readonly ProduceFate[]) {
  cart.journal.noteFault(what)
  proxy.fates.push(...fates)
  await until(() => proxy.fates.length === 0, `${what} is met`)
}

function fatesOf(errorCode: number, isProof: boolean): ProduceFate[][] {
  const unsent: ProduceFate = { kind: 'answer-unsent', errorCode }
  const sent: ProduceFate = { kind: 'answer-sent', errorCode }
  return isProof
    ? [[unsent], [unsent, unsent]]
    : [[unsent], [sent], [unsent, unsent], [sent, sent], [sent, unsent], [unsent, sent]]
}

const brokerErrors: Scenario = {
  name: 'broker-errors',
  about: 'each error code of a broker, once and twice, before and after the append',
  brokers: 1,
  async run(context) {
    const proxy = proxyOf(context.cluster)
    await using cart = await Cart.start(context, { via: 'proxy' })
    const rounds = context.rounds(3, 1)
    for (let round = 1; round <= rounds; round += 1) {
      for (const name of [...PROOFS, ...NO_PROOFS]) {
        for (const fates of fatesOf(codeOf(name), PROOFS.includes(name))) {
          await meet(cart, proxy, `${name}: ${fates.map(({ kind }) => kind).join(', ')}`, fates)
          await cart.runWell(20)
        }
      }
      context.progress(`${round} of ${rounds} rounds`)
    }
    await cart.untilSettled()
    return await cart.finish()
  },
}

const lostAcks: Scenario = {
  name: 'lost-acks',
  about: 'acknowledgements that are dropped or cut off, requests cut in the middle, wrong offsets',
  brokers: 1,
  async run(context) {
    const { random } = context
    const proxy = proxyOf(context.cluster)
    await using cart = await Cart.start(context, { via: 'proxy' })
    const harms: readonly ProduceFate[] = [
      { kind: 'cut-answer' },
      { kind: 'cut-request' },
      { kind: 'swallow-answer' },
      { kind: 'shift-offset', by: -1n },
    ]
    const rounds = context.rounds(100, 10)
    for (let round = 1; round <= rounds; round += 1) {
      const passing = Array.from(
        { length: random.integer(0, 5) },
        () => ({ kind: 'pass' }) as const,
      )
      const harmed = Array.from({ length: random.integer(1, 2) }, () => random.pick(harms))
      const what = `answer ${passing.length + 1}: ${harmed.map(({ kind }) => kind).join(', ')}`
      await meet(cart, proxy, what, [...passing, ...harmed])
      await cart.runWell(20)
      if (round % 50 === 0) context.progress(`${round} of ${rounds} rounds`)
    }
    await cart.untilSettled()
    return await cart.finish()
  },
}

const swallowedAcks: Scenario = {
  name: 'swallowed-acks',
  about: 'the broker takes everything, and no acknowledgement comes back for 12 seconds',
  brokers: 1,
  async run(context) {
    const proxy = proxyOf(context.cluster)
    await using cart = await Cart.start(context, { via: 'proxy' })
    for (let round = 0; round < context.rounds(2, 1); round += 1) {
      cart.journal.noteFault('no acknowledgement comes back')
      proxy.setFateOfAll({ kind: 'swallow-answer' })
      await setTimeout(OUTAGE_MS)
      proxy.setFateOfAll(undefined)
      cart.journal.noteFault('acknowledgements come back')
      await cart.untilSettled()
      await cart.runWell()
    }
    return await cart.finish()
  },
}

const heldRequests: Scenario = {
  name: 'held-requests',
  about: 'Produce requests are held back for 12 and for 3 seconds, and then handed on',
  brokers: 1,
  async run(context) {
    const proxy = proxyOf(context.cluster)
    await using cart = await Cart.start(context, { via: 'proxy' })
    for (const heldMs of [OUTAGE_MS, 3_000].slice(0, context.rounds(2, 1))) {
      const held = proxy.hold()
      cart.journal.noteFault('Produce requests are held')
      await setTimeout(heldMs)
      cart.journal.noteFault(`${held.count()} Produce requests are handed on`)
      held.release()
      await cart.untilSettled()
      await cart.runWell()
    }
    return await cart.finish()
  },
}

const stuckPartition: Scenario = {
  name: 'stuck-partition',
  about: 'one partition takes nothing for 15 seconds; the orders of the others go on',
  brokers: 1,
  async run(context) {
    const proxy = proxyOf(context.cluster)
    await using cart = await Cart.start(context, {
      via: 'proxy',
      load: { createsPerSecond: 300 },
    })
    const startMs = nowMs()
    await setTimeout(RATE_MS)
    const stuckMs = nowMs()
    const held = proxy.hold(0)
    cart.journal.noteFault('partition 0: Produce requests are held')
    await setTimeout(RATE_MS)
    const endMs = nowMs()
    held.release()
    cart.journal.noteFault('partition 0: Produce requests are handed on')
    await cart.untilSettled()
    const report = await cart.finish()
    const timesOf = confirmationsByPartition(cart.journal, report.observations.topic)
    for (const [partition, timesMs] of timesOf) {
      const rate = (fromMs: number, toMs: number): string => {
        const count = timesMs.filter((timeMs) => timeMs >= fromMs && timeMs < toMs).length
        return `${((count * 1_000) / (toMs - fromMs)).toFixed(0)}/s`
      }
      const before = rate(startMs, stuckMs)
      cart.notes.push(
        `partition ${partition}: ${before} confirmed before, ${rate(stuckMs, endMs)} while partition 0 is stuck`,
      )
    }
    return report
  },
}

const badLink: Scenario = {
  name: 'bad-link',
  about: 'the way to the broker is slow, silent or closed',
  brokers: 1,
  async run(context) {
    const proxy = proxyOf(context.cluster)
    await using cart = await Cart.start(context, { via: 'proxy' })
    const links = [{ delayMs: 200 }, { delayMs: 3_000 }, 'silent', 'refused'] as const
    for (const link of links) {
      cart.journal.noteFault(`link: ${typeof link === 'string' ? link : `${link.delayMs} ms late`}`)
      await proxy.setLink(link)
      await setTimeout(OUTAGE_MS)
      await proxy.setLink('open')
      cart.journal.noteFault('link: open')
      await cart.untilSettled()
      await cart.runWell()
    }
    return await cart.finish()
  },
}

export const PRODUCE_FAULTS = [
  brokerErrors,
  lostAcks,
  swallowedAcks,
  heldRequests,
  stuckPartition,
  badLink,
]
