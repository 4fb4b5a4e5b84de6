import { setTimeout } from 'node:timers/promises'
import type { ProduceFate } from '../../support/kafka-proxy.ts'
import { codeOf, PROOFS } from '../../support/broker-errors.ts'
import { NO_PROOFS, proxyOf } from '../harness/broker-answers.ts'
import { Cart } from '../harness/cart.ts'
import { nowMs } from '../harness/journal.ts'
import type { Scenario, ScenarioContext } from '../harness/scenario.ts'
import { limitMessages, USUAL_BYTES } from '../harness/topic-changes.ts'

const MINUTES = 10
const SHORT_MINUTES = 0.5

/** Some shorter and some longer than the publish time-out and the lanes' patience. */
const OUTAGE_MS_MAX = 9_000

type Act = (cart: Cart, context: ScenarioContext) => Promise<void>

async function last(context: ScenarioContext): Promise<void> {
  await setTimeout(context.random.integer(100, OUTAGE_MS_MAX))
}

/** Each takes its fault back at the end. */
const ACTS: ReadonlyArray<readonly [what: string, act: Act]> = [
  [
    'the service is killed',
    async (cart) => {
      await cart.service.kill()
      await cart.service.start()
    },
  ],
  [
    'the service is stopped',
    async (cart) => {
      await cart.service.stop()
      await cart.service.start()
    },
  ],
  [
    'the broker is paused',
    async (_cart, context) => {
      const [broker] = context.cluster.brokers
      broker?.pause()
      await last(context)
      broker?.resume()
    },
  ],
  [
    'the broker is killed',
    async (_cart, context) => {
      const [broker] = context.cluster.brokers
      await broker?.kill()
      await last(context)
      await broker?.start()
    },
  ],
  [
    'the service is killed while the broker is paused',
    async (cart, context) => {
      const [broker] = context.cluster.brokers
      broker?.pause()
      await last(context)
      await cart.service.kill()
      broker?.resume()
      await cart.service.start()
    },
  ],
  [
    'Produce requests are held',
    async (_cart, context) => {
      const held = proxyOf(context.cluster).hold(context.random.integer(0, 2))
      await last(context)
      held.release()
    },
  ],
  [
    'DescribeProducers is not answered',
    async (_cart, context) => {
      const proxy = proxyOf(context.cluster)
      const questions = proxy.holdDescribeProducers()
      proxy.fates.push({ kind: 'cut-answer' })
      await last(context)
      questions.release()
    },
  ],
  [
    'the topic takes only small messages',
    async (cart, context) => {
      await limitMessages(context, cart.topic, context.random.integer(100, 5_000))
      await last(context)
      await limitMessages(context, cart.topic, USUAL_BYTES)
    },
  ],
  [
    'the link is silent',
    async (_cart, context) => {
      await proxyOf(context.cluster).setLink('silent')
      await last(context)
      await proxyOf(context.cluster).setLink('open')
    },
  ],
  [
    'answers are harmed',
    async (_cart, context) => {
      const { random } = context
      const harms: readonly ProduceFate[] = [
        { kind: 'answer-unsent', errorCode: codeOf(random.pick(PROOFS)) },
        { kind: 'answer-unsent', errorCode: codeOf(random.pick(NO_PROOFS)) },
        { kind: 'answer-sent', errorCode: codeOf(random.pick(NO_PROOFS)) },
        { kind: 'cut-answer' },
        { kind: 'cut-request' },
        { kind: 'swallow-answer' },
      ]
      const count = random.integer(1, 20)
      proxyOf(context.cluster).fates.push(
        ...Array.from({ length: count }, () => random.pick(harms)),
      )
      await setTimeout(random.integer(100, 1_000))
    },
  ],
]

export const everything: Scenario = {
  name: 'everything',
  about: `faults of the service, the broker, the topic and the link by chance, for --minutes (${MINUTES})`,
  brokers: 1,
  async run(context) {
    await using cart = await Cart.start(context, { via: 'proxy' })
    const minutes = context.minutes ?? context.rounds(MINUTES, SHORT_MINUTES)
    const endMs = nowMs() + minutes * 60_000
    let count = 0
    while (nowMs() < endMs) {
      const [what, act] = context.random.pick(ACTS)
      cart.journal.noteFault(`begins: ${what}`)
      await act(cart, context)
      cart.journal.noteFault(`ends: ${what}`)
      count += 1
      // Often the next one comes before this one is over.
      if (context.random.chance(0.5)) await cart.untilSettled()
      if (count % 10 === 0) context.progress(`${count} faults`)
    }
    proxyOf(context.cluster).fates.length = 0
    await cart.untilSettled()
    await cart.runWell()
    cart.notes.push(`${count} faults`)
    return await cart.finish()
  },
}
