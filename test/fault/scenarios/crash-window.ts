import { until } from '../../support/until.ts'
import { codeOf } from '../../support/broker-errors.ts'
import { proxyOf } from '../harness/broker-answers.ts'
import { Cart } from '../harness/cart.ts'
import type { Report } from '../harness/report.ts'
import type { Scenario, ScenarioContext } from '../harness/scenario.ts'

/**
 * A request that has left a service reaches the broker only after that service has died and the next
 * one has looked on the topic and published the event itself.
 */

/** While one batch waits for so long, others are reserved at the same producer epoch. */
const REFUSED_AFTER_MS = 300

const PARTITIONS = 3

const fenced: Scenario = {
  name: 'crash-window',
  about:
    'a request of a dead service arrives after its recovery: the broker refuses it by its epoch',
  brokers: 1,
  run: (context) => holdOverDeath(context, () => Promise.resolve()),
}

const fencedAfterRefusal: Scenario = {
  name: 'crash-window-refusal',
  about:
    'the same, of events that were sent at another producer epoch than they were reserved with',
  brokers: 1,
  run: (context) =>
    holdOverDeath(context, async () => {
      // A refused batch costs the lane its numbers; what was reserved meanwhile goes out at the next epoch.
      const proxy = proxyOf(context)
      const errorCode = codeOf('MESSAGE_TOO_LARGE')
      const refusal = { kind: 'answer-unsent', errorCode, delayMs: REFUSED_AFTER_MS } as const
      proxy.fates.push(...Array.from({ length: PARTITIONS }, () => refusal))
      await until(() => proxy.fates.length === 0, 'the refusals are met')
    }),
}

async function holdOverDeath(
  context: ScenarioContext,
  prepare: () => Promise<void>,
): Promise<Report> {
  const proxy = proxyOf(context)
  await using cart = await Cart.start(context, { via: 'proxy' })
  const rounds = context.rounds(5, 2)
  for (let round = 0; round < rounds; round += 1) {
    await prepare()
    const held = proxy.hold()
    cart.journal.noteFault('Produce requests are held')
    await until(() => held.count() > 0, 'a request is held')
    await cart.service.kill()
    held.letOthersPass()
    const doubts = await cart.doubts()
    await cart.service.start()
    await cart.untilSettled(doubts)
    cart.journal.noteFault(`${held.count()} Produce requests of the dead service are handed on`)
    held.release()
    await until(() => held.answeredCount() === held.count(), 'the broker has answered them')
    await cart.runWell()
  }
  const report = await cart.finish()
  const hits = report.counts.repeatedInWindow
  cart.notes.push(
    `${rounds} times requests of a dead service came late; ${hits} events stand twice`,
  )
  return report
}

export const CRASH_WINDOWS = [fenced, fencedAfterRefusal]
