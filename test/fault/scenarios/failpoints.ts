import { codeOf } from '../../support/broker-errors.ts'
import { Cart } from '../harness/cart.ts'
import type { Scenario, ScenarioContext } from '../harness/scenario.ts'

export const FAILPOINTS = new URL('../../support/failpoints.ts', import.meta.url).href

export const POINTS = ['reserve', 'publish', 'send', 'settle', 'discard', 'recover'].flatMap(
  (step) => [`before ${step}`, `after ${step}`],
)

/** A few calls into its life, when others are under way. */
const CALL_NUMBER_MAX = 40

/** One life of the service, which ends at the point. */
export async function dieAt(cart: Cart, point: string, callNumber: number): Promise<void> {
  cart.journal.noteFault(`service 0 is to die ${point}, call ${callNumber}`)
  const settings = { CART_FAILPOINT: `${point} ${callNumber}` }
  await cart.service.spawn(settings, { imports: [FAILPOINTS] })
  const { code, signal } = await cart.service.died()
  if (signal !== 'SIGKILL')
    throw new Error(`ended with ${code ?? signal}: ${cart.service.output()}`)
}

export async function dieAtOnce(
  cart: Cart,
  context: ScenarioContext,
  point: string,
): Promise<void> {
  const [broker] = context.cluster.brokers
  const callNumber = context.random.integer(1, CALL_NUMBER_MAX)
  if (point.endsWith('recover')) {
    // There has to be something that needs recovery.
    await dieAt(cart, 'before send', callNumber)
    await dieAt(cart, point, 1)
  } else if (point.endsWith('discard')) {
    broker?.proxy.setFateOfAll({ kind: 'answer-unsent', errorCode: codeOf('MESSAGE_TOO_LARGE') })
    await dieAt(cart, point, callNumber)
    broker?.proxy.setFateOfAll(undefined)
  } else await dieAt(cart, point, callNumber)
}

/**
 * In short, what a death leaves is recovered by the service that dies next, but for those that are to die
 * where events are refused: what they recover would be refused as well.
 */
export const failpoints: Scenario = {
  name: 'failpoints',
  about: 'the service dies before and after each step of the protocol',
  brokers: 1,
  async run(context) {
    await using cart = await Cart.start(context, { via: 'proxy' })
    const deathsInTurn = context.rounds(1, 4)
    for (const [index, point] of POINTS.entries()) {
      for (let round = 0; round < context.rounds(3, 1); round += 1) {
        await cart.service.kill()
        await dieAtOnce(cart, context, point)
        const isNextClean = (index + 1) % deathsInTurn === 0 || point.endsWith('discard')
        if (!isNextClean) continue
        const doubts = await cart.doubts()
        await cart.service.start()
        await cart.untilSettled(doubts)
      }
      context.progress(`died ${point}`)
    }
    await cart.runWell()
    cart.notes.push(`died at ${POINTS.length} points`)
    return await cart.finish()
  },
}
