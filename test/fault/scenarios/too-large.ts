import { randomUUID } from 'node:crypto'
import { ORDER_ID_LENGTH_MAX } from '../../../src/models/order.ts'
import { until } from '../../support/until.ts'
import { proxyOf } from '../harness/broker-answers.ts'
import { Cart } from '../harness/cart.ts'
import { nowMs } from '../harness/journal.ts'
import { mergeReports, type Report } from '../harness/report.ts'
import type { Scenario, ScenarioContext } from '../harness/scenario.ts'
import { limitMessages, USUAL_BYTES } from '../harness/topic-changes.ts'

/** Batches and events that the topic finds too large while they are in doubt. */

/** All events of a test in one batch, where they fit. */
const SETTINGS = { KAFKA_TOPIC_PARTITIONS: '1' }

/** Fewer than {@link BATCH_EVENTS} of the load's events, and more than any one of them. */
const BATCH_BYTES = 20_000
const BATCH_EVENTS = 60
const WORKERS = 100

/** More than any order of the load, and less than one of {@link LARGE_ITEMS} items. */
const EVENT_BYTES = 2_500
const LARGE_ITEMS = 100

/** The driver tries a parked event again every 30 seconds at the latest. */
const PARKED_SETTLES_MS_MAX = 40_000
const NOTICED_MS_MAX = 5_000

/** Of four bytes each in UTF-8, and two units in JavaScript. */
const LONG_CHARACTER = '𝄞'
const LONG_ORDERS = 280

const tooLarge: Scenario = {
  name: 'too-large-in-doubt',
  about: 'the topic takes no batch of what is in doubt, or not a single event of it',
  brokers: 1,
  async run(context) {
    return mergeReports([
      await limitBatches(context),
      await limitOneEvent(context),
      await recoverLongIds(context),
    ])
  },
}

/** Events that waited for a dead service, and a batch that a living one sent, are settled in parts. */
async function limitBatches(context: ScenarioContext): Promise<Report> {
  const proxy = proxyOf(context.cluster)
  const load = { workers: WORKERS }
  await using cart = await Cart.start(context, { via: 'proxy', settings: SETTINGS, load })
  for (const isKilled of [true, false]) {
    const held = proxy.hold()
    await until(
      async () => (await cart.store.pendingIds()).length >= BATCH_EVENTS,
      `${BATCH_EVENTS} events are pending`,
    )
    if (isKilled) await cart.service.kill()
    // The next batch, which has all that waits, breaks off; whether it came is unknown.
    else proxy.fates.push({ kind: 'cut-request' })
    await limitMessages(context, cart.topic, BATCH_BYTES)
    cart.journal.noteFault(`topic: takes ${BATCH_BYTES} bytes at a time`)
    held.release()
    const doubts = await cart.doubts()
    if (isKilled) await cart.service.start()
    await cart.untilSettled(doubts)
    await cart.runWell()
    await limitMessages(context, cart.topic, USUAL_BYTES)
  }
  context.progress('batches')
  return await cart.finish()
}

/** One event waits for an operator, and holds up nobody else. */
async function limitOneEvent(context: ScenarioContext): Promise<Report> {
  const proxy = proxyOf(context.cluster)
  await using cart = await Cart.start(context, { via: 'proxy', settings: SETTINGS })
  const orderId = `large-${randomUUID()}`
  const held = proxy.hold()
  const asked = cart.ask({ orderId, kind: 'create', asked: LARGE_ITEMS })
  await until(async () => (await cart.ordersPending()).has(orderId), 'the large order is pending')
  await cart.service.kill()
  await asked
  held.letOthersPass()
  await limitMessages(context, cart.topic, EVENT_BYTES)
  cart.journal.noteFault(`topic: takes ${EVENT_BYTES} bytes at a time`)
  await cart.service.start()
  await until(
    async () => (await cart.service.health()).checks.kafka.reason?.includes(orderId) ?? false,
    'health names the order that was set aside',
    NOTICED_MS_MAX,
  )
  const { kafka } = (await cart.service.health()).checks
  if (kafka.status !== 'degraded') throw new Error(`kafka is ${kafka.status}`)
  cart.notes.push(`health, of an event that is too large: ${kafka.reason}`)
  if (!(await cart.service.isReady())) throw new Error('not ready for the other orders')
  await cart.runWell()
  if (!(await cart.ordersPending()).has(orderId))
    throw new Error('the large event was not set aside')
  await limitMessages(context, cart.topic, USUAL_BYTES)
  cart.journal.noteFault('topic: takes messages as usual')
  const raisedMs = nowMs()
  await until(
    async () => !(await cart.ordersPending()).has(orderId),
    'the large event is settled',
    PARKED_SETTLES_MS_MAX,
  )
  cart.notes.push(
    `an event that was too large was settled ${((nowMs() - raisedMs) / 1_000).toFixed(0)} s after the topic took it`,
  )
  // The events that the dead service had sent come last.
  held.release()
  await cart.runWell()
  context.progress('one event')
  return await cart.finish()
}

/** The largest events that the default broker gets: what they take is measured, not guessed. */
async function recoverLongIds(context: ScenarioContext): Promise<Report> {
  const proxy = proxyOf(context.cluster)
  await using cart = await Cart.start(context, {
    via: 'proxy',
    settings: SETTINGS,
    isStarted: false,
  })
  await cart.service.start()
  const held = proxy.hold()
  const asked = Array.from({ length: LONG_ORDERS }, (_, index) => {
    const orderId = String(index).padStart(4, '0')
    const filled = orderId + LONG_CHARACTER.repeat(ORDER_ID_LENGTH_MAX - orderId.length)
    return cart.ask({ orderId: filled, kind: 'create', asked: 1 })
  })
  await until(
    async () => (await cart.store.pendingIds()).length === LONG_ORDERS,
    `${LONG_ORDERS} events are pending`,
  )
  await cart.service.kill()
  await Promise.all(asked)
  held.release()
  const doubts = await cart.doubts()
  await cart.service.start()
  await cart.untilSettled(doubts)
  cart.startLoad()
  await cart.runWell()
  context.progress('long ids')
  return await cart.finish()
}

export const TOO_LARGE = [tooLarge]
