import { setTimeout } from 'node:timers/promises'
import { codeOf } from '../../support/broker-errors.ts'
import type { KafkaProxy } from '../../support/kafka-proxy.ts'
import { until } from '../../support/until.ts'
import { proxyOf } from '../harness/broker-answers.ts'
import { Cart } from '../harness/cart.ts'
import { nowMs } from '../harness/journal.ts'
import { percentile, tookMs } from '../harness/measures.ts'
import type { Scenario } from '../harness/scenario.ts'

/** A broker that answers, and still takes nothing; and what the service says of it. */

/** The gate closes after a second without progress; and as much again for a busy machine. */
const GATE_CLOSES_MS_MAX = 2_000

/** A "no" at the gate asks nobody. */
const GATE_ANSWERS_MS_MAX = 500

/** Of what the next requests may meet, and longer than the publish time-out. */
const UNANSWERED_MS = 9_000

/** Health is told within 200 ms; and some for a busy machine. */
const NOTICED_MS_MAX = 3_000

/** A process, its first questions, and their time-outs. */
const START_MS_MAX = 15_000

/** A refusal is news for 15 seconds, where no event is acked before. */
const FORGOTTEN_MS_MAX = 17_000

/** Without an answer each look ends by a time-out; with a refusal it ends at once, and connects again. */
const OPEN_QUESTIONS: ReadonlyArray<{
  readonly what: string
  /** Health has to say this. */
  readonly words: string
  readonly begin: (proxy: KafkaProxy) => () => void
}> = [
  {
    what: 'unanswered',
    words: 'DescribeProducers: ',
    begin: (proxy) => {
      const questions = proxy.holdDescribeProducers()
      return () => questions.release()
    },
  },
  {
    what: 'refused',
    words: 'DescribeProducers: TOPIC_AUTHORIZATION_FAILED',
    begin: (proxy) => {
      proxy.refuseDescribeProducers(codeOf('TOPIC_AUTHORIZATION_FAILED'))
      return () => proxy.refuseDescribeProducers(undefined)
    },
  },
]

const describeProducersUnanswered: Scenario = {
  name: 'describe-producers-unanswered',
  about: 'the broker acks, and does not answer the question that a doubt needs, or refuses to',
  brokers: 1,
  async run(context) {
    const proxy = proxyOf(context.cluster)
    const settings = { KAFKA_TOPIC_PARTITIONS: '1' }
    await using cart = await Cart.start(context, { via: 'proxy', settings })
    for (const { what, words, begin } of OPEN_QUESTIONS) {
      const end = begin(proxy)
      proxy.fates.push({ kind: 'cut-answer' })
      await until(() => proxy.fates.length === 0, 'an acknowledgement is lost')
      const lostMs = nowMs()
      cart.journal.noteFault(`DescribeProducers is ${what}`)
      await setTimeout(UNANSWERED_MS)
      const { kafka } = (await cart.service.health()).checks
      const untilMs = nowMs()
      const inDoubt = await cart.ordersPending()
      end()
      cart.journal.noteFault('DescribeProducers is answered')
      await cart.untilSettled()
      await cart.runWell()
      cart.notes.push(`health, while the question was ${what}: ${kafka.status}, ${kafka.reason}`)
      if (kafka.status !== 'down' || !(kafka.reason?.includes(words) ?? false)) {
        throw new Error(`kafka is said to be ${kafka.status}, ${kafka.reason}`)
      }
      noteGate(cart, inDoubt, lostMs + GATE_CLOSES_MS_MAX, untilMs)
    }
    await startUnanswered(cart, proxy)
    return await cart.finish()
  },
}

/** A lane asks once before it takes anything: it stays closed, and says why. */
async function startUnanswered(cart: Cart, proxy: KafkaProxy): Promise<void> {
  const questions = proxy.holdDescribeProducers()
  await cart.service.kill()
  const doubts = await cart.doubts()
  await cart.service.spawn()
  cart.journal.noteFault('DescribeProducers is not answered from the start on')
  await untilKafkaIs(cart, 'down', 'DescribeProducers: ', START_MS_MAX)
  if (await cart.service.isReady()) throw new Error('ready without an answer')
  questions.release()
  cart.journal.noteFault('DescribeProducers is answered')
  await cart.service.untilReady()
  await cart.untilSettled(doubts)
  await cart.runWell()
}

/**
 * A caller who comes while the gate is closed is answered "not applied" at once. One who asks for an order
 * that is in doubt is not: that answer waits for the end of the doubt.
 */
function noteGate(cart: Cart, inDoubt: ReadonlySet<string>, fromMs: number, untilMs: number): void {
  const turnedAway = cart.journal.entries.filter(
    ({ orderId, sentAtMs }) => !inDoubt.has(orderId) && sentAtMs > fromMs && sentAtMs < untilMs,
  )
  const slowestMs = percentile(turnedAway.map(tookMs), 1)
  cart.notes.push(
    `${turnedAway.length} answers at the closed gate, the slowest after ${slowestMs.toFixed(0)} ms`,
  )
  if (turnedAway.length === 0) throw new Error('nobody came to the gate')
  if (slowestMs > GATE_ANSWERS_MS_MAX) {
    const slow = turnedAway.filter((entry) => tookMs(entry) > GATE_ANSWERS_MS_MAX)
    const [first] = slow
    cart.noteLate(
      `the gate was not closed for ${slow.length} of ${turnedAway.length}: ${first?.kind} of ${first?.orderId}: ${first?.status} ${first?.code} ${first?.outcome}`,
    )
  }
}

const refusalsAreNews: Scenario = {
  name: 'refusals-are-news',
  about: 'the broker refuses every event, then takes nothing for one partition of three',
  brokers: 1,
  async run(context) {
    const proxy = proxyOf(context.cluster)
    await using cart = await Cart.start(context, { via: 'proxy' })
    for (const name of ['NOT_ENOUGH_REPLICAS', 'TOPIC_AUTHORIZATION_FAILED']) {
      proxy.setFateOfAll({ kind: 'answer-unsent', errorCode: codeOf(name) })
      cart.journal.noteFault(`every event: ${name}`)
      await untilKafkaIs(cart, 'down', name)
      await until(async () => !(await cart.service.isReady()), 'not ready', NOTICED_MS_MAX)
      proxy.setFateOfAll(undefined)
      cart.journal.noteFault('events are taken')
      await until(() => cart.service.isReady(), 'the service is ready', FORGOTTEN_MS_MAX)
      await cart.runWell()
    }
    const held = proxy.hold(0)
    cart.journal.noteFault('partition 0: Produce requests are held')
    await untilKafkaIs(cart, 'degraded', 'partition 0 takes no events')
    for (let count = 0; count < 20; count += 1) {
      if (!(await cart.service.isReady())) throw new Error('not ready because of one partition')
      await setTimeout(100)
    }
    await cart.runWell(100)
    held.release()
    cart.journal.noteFault('partition 0: Produce requests are handed on')
    await cart.untilSettled()
    await cart.runWell()
    return await cart.finish()
  },
}

async function untilKafkaIs(
  cart: Cart,
  status: string,
  words: string,
  timeoutMs = NOTICED_MS_MAX,
): Promise<void> {
  let last = ''
  await until(
    async () => {
      const { kafka } = (await cart.service.health()).checks
      last = `${kafka.status}, ${kafka.reason}`
      return kafka.status === status && (kafka.reason?.includes(words) ?? false)
    },
    () => `kafka is ${status}, because ${words}; it is ${last}`,
    timeoutMs,
  )
  cart.notes.push(`health: ${last}`)
}

export const BROKER_REFUSALS = [describeProducersUnanswered, refusalsAreNews]
