import { until } from '../../support/until.ts'
import { codeOf } from '../../support/broker-errors.ts'
import { proxyOf } from '../harness/broker-answers.ts'
import { Cart } from '../harness/cart.ts'
import type { Report } from '../harness/report.ts'
import type { Scenario, ScenarioContext } from '../harness/scenario.ts'

/**
 * A request has left a service that dies, and reaches the broker only after the next one has looked on
 * the topic for its events. The broker takes one of the two that send them.
 */

const REFUSED_AFTER_MS = 300

const PARTITIONS = 3

interface Course {
  /** Before the requests are held. */
  readonly prepare?: () => Promise<void>
  /** Whether what the recovery sends is held as well, until the broker has what the dead one sent. */
  readonly isRace?: boolean
}

const late: Scenario = {
  name: 'crash-window',
  about: 'a request of a dead service arrives after its recovery',
  brokers: 1,
  run: (context) => holdOverDeath(context, {}),
}

const lateAfterRefusal: Scenario = {
  name: 'crash-window-refusal',
  about: 'the same, of events that were sent after a refused batch',
  brokers: 1,
  run: (context) =>
    holdOverDeath(context, {
      prepare: async () => {
        const proxy = proxyOf(context.cluster)
        const errorCode = codeOf('MESSAGE_TOO_LARGE')
        const refusal = { kind: 'answer-unsent', errorCode, delayMs: REFUSED_AFTER_MS } as const
        proxy.fates.push(...Array.from({ length: PARTITIONS }, () => refusal))
        await until(() => proxy.fates.length === 0, 'the refusals are met')
      },
    }),
}

const race: Scenario = {
  name: 'crash-race',
  about:
    'a request of a dead service arrives between the look of its recovery and what that one sends',
  brokers: 1,
  run: (context) => holdOverDeath(context, { isRace: true }),
}

async function holdOverDeath(
  context: ScenarioContext,
  { prepare, isRace = false }: Course,
): Promise<Report> {
  const proxy = proxyOf(context.cluster)
  await using cart = await Cart.start(context, { via: 'proxy' })
  const rounds = context.rounds(5, 1)
  let recoveredCount = 0
  for (let round = 0; round < rounds; round += 1) {
    await prepare?.()
    const held = proxy.hold()
    cart.journal.noteFault('Produce requests are held')
    await until(() => held.count() > 0, 'a request is held')
    await cart.service.kill()
    held.letOthersPass()
    const recovery = isRace ? proxy.hold() : undefined
    const doubts = await cart.doubts()
    await cart.service.spawn()
    if (recovery === undefined) await cart.untilSettled(doubts)
    // It is not ready while all that it recovers is held.
    else await until(() => recovery.count() > 0, 'the recovery sends')
    cart.journal.noteFault(`${held.count()} Produce requests of the dead service are handed on`)
    held.release()
    await until(() => held.answeredCount() === held.count(), 'the broker has answered them')
    recoveredCount += recovery?.count() ?? 0
    recovery?.release()
    await cart.untilSettled(doubts)
    await cart.runWell()
  }
  const what = isRace ? `before ${recoveredCount} of its recovery` : 'after its recovery'
  cart.notes.push(`${rounds} times requests of a dead service came ${what}`)
  return await cart.finish()
}

export const CRASH_WINDOWS = [late, lateAfterRefusal, race]
