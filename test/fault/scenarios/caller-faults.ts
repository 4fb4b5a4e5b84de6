import { setTimeout } from 'node:timers/promises'
import { until } from '../../support/until.ts'
import { Cart } from '../harness/cart.ts'
import { countBroken } from '../harness/measures.ts'
import { mergeReports, type Report } from '../harness/report.ts'
import type { Scenario } from '../harness/scenario.ts'

/** Faults of the surroundings: callers that hang up, signals to stop and to wait, a clock that jumps. */

/** A stop that takes longer ends the process anyway. */
const STOP_MS_MAX = 10_000

const JUMPING_CLOCK = new URL('../../support/jumping-clock.ts', import.meta.url).href

const impatientCallers: Scenario = {
  name: 'impatient-callers',
  about: 'every third caller hangs up within ten milliseconds, and some ask again',
  brokers: 1,
  async run(context) {
    await using cart = await Cart.start(context, { load: { impatience: 1 / 3, pauseMs: 0 } })
    await cart.runWell(context.rounds(10_000, 500))
    return await cart.finish()
  },
}

const sharedOrders: Scenario = {
  name: 'shared-orders',
  about: 'all callers change the same 20 orders, while the service is killed',
  brokers: 1,
  async run(context) {
    await using cart = await Cart.start(context, { load: { sharedOrders: 20, pauseMs: 0 } })
    for (let round = 0; round < context.rounds(10, 3); round += 1) {
      await setTimeout(context.random.integer(0, 1_000))
      await cart.service.kill()
      const doubts = await cart.doubts()
      await cart.service.start()
      await cart.untilSettled(doubts)
    }
    await cart.runWell()
    return await cart.finish()
  },
}

const serviceStop: Scenario = {
  name: 'service-stop',
  about: 'SIGTERM of the service under load: no accepted request stays without its answer',
  brokers: 1,
  async run(context) {
    await using cart = await Cart.start(context)
    let slowestMs = 0
    const rounds = context.rounds(50, 3)
    for (let round = 1; round <= rounds; round += 1) {
      await setTimeout(context.random.integer(0, 500))
      const startMs = performance.now()
      const { code } = await cart.service.stop()
      slowestMs = Math.max(slowestMs, performance.now() - startMs)
      if (code !== 0) throw new Error(`it ended with ${code}: ${cart.service.output()}`)
      await cart.service.start()
      await cart.untilSettled()
      if (round % 10 === 0) context.progress(`${round} of ${rounds} stops`)
    }
    const report = await cart.finish()
    cart.notes.push(`${rounds} stops, the slowest took ${(slowestMs / 1_000).toFixed(1)} s`)
    const { broken, tookEffect } = countBroken(cart.journal, report.observations.topic)
    cart.notes.push(
      `${broken} connections broke before the answer; ${tookEffect} of these requests took effect`,
    )
    const late = [
      ...(slowestMs > STOP_MS_MAX ? ['a stop took too long'] : []),
      // What was taken has its answer before the process ends; only what was not even read may break.
      ...(tookEffect > 0 ? ['a request took effect and was not answered'] : []),
    ]
    return { ...report, late: [...report.late, ...late] }
  },
}

const servicePause: Scenario = {
  name: 'service-pause',
  about: 'SIGSTOP of the service for 2 and 12 seconds',
  brokers: 1,
  async run(context) {
    await using cart = await Cart.start(context)
    for (let round = 0; round < context.rounds(3, 1); round += 1) {
      for (const seconds of [2, 12].slice(0, context.rounds(2, 1))) {
        cart.service.pause()
        await setTimeout(seconds * 1_000)
        cart.service.resume()
        await cart.untilSettled()
        await cart.runWell()
      }
    }
    return await cart.finish({ mayAnswerLate: true })
  },
}

const noBroker: Scenario = {
  name: 'no-broker-at-start',
  about: 'the service starts while there is no broker, and the broker comes later',
  brokers: 1,
  async run(context) {
    const [broker] = context.cluster.brokers
    const reports: Report[] = []
    for (let round = 0; round < context.rounds(3, 1); round += 1) {
      await using cart = await Cart.start(context, { isStarted: false })
      await broker?.kill()
      cart.journal.noteFault('broker: down')
      await cart.service.spawn()
      const url = `${cart.service.url}/health/live`
      await until(async () => (await fetch(url)).ok, 'the service listens')
      cart.startLoad()
      await setTimeout(3_000)
      if ((await cart.store.pendingIds()).length > 0) throw new Error('something is pending')
      await broker?.start()
      cart.journal.noteFault('broker: started')
      await cart.service.untilReady()
      await cart.runWell()
      reports.push(await cart.finish())
    }
    return mergeReports(reports)
  },
}

const jumpingClock: Scenario = {
  name: 'jumping-clock',
  about: 'the wall clock of the service jumps by up to a day all the time, also while it is killed',
  brokers: 1,
  async run(context) {
    const service = { imports: [JUMPING_CLOCK] }
    await using cart = await Cart.start(context, { service })
    for (let round = 0; round < context.rounds(10, 2); round += 1) {
      await setTimeout(context.random.integer(500, 2_000))
      await cart.service.kill()
      const doubts = await cart.doubts()
      await cart.service.start({}, service)
      await cart.untilSettled(doubts)
    }
    await cart.runWell()
    return await cart.finish()
  },
}

export const CALLER_FAULTS = [
  impatientCallers,
  sharedOrders,
  serviceStop,
  servicePause,
  noBroker,
  jumpingClock,
]
