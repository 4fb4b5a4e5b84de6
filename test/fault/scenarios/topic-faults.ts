import { setTimeout } from 'node:timers/promises'
import { partitionOf } from '../../../src/service/kafka/partitioner.ts'
import { until } from '../../support/until.ts'
import { proxyOf } from '../harness/broker-answers.ts'
import { Cart } from '../harness/cart.ts'
import type { Scenario } from '../harness/scenario.ts'
import { limitMessages, makeAnew, USUAL_BYTES } from '../harness/topic-changes.ts'

/** Smaller than any event. */
const SMALL_BYTES = 100

const SMALL_MS = 5_000

const READY_MS_MAX = 10_000

const smallMessages: Scenario = {
  name: 'small-messages',
  about: 'the topic takes no message of more than 100 bytes for five seconds, also over a death',
  brokers: 1,
  async run(context) {
    await using cart = await Cart.start(context)
    for (let round = 0; round < context.rounds(6, 2); round += 1) {
      await limitMessages(context, cart.topic, SMALL_BYTES)
      cart.journal.noteFault('topic: takes only small messages')
      await setTimeout(SMALL_MS)
      if (round % 2 === 1) await cart.service.kill()
      const doubts = await cart.doubts()
      if (round % 2 === 1) await cart.service.start()
      await limitMessages(context, cart.topic, USUAL_BYTES)
      cart.journal.noteFault('topic: takes messages as usual')
      await cart.untilSettled(doubts)
      await cart.runWell()
    }
    return await cart.finish()
  },
}

const PARTITIONS_BEFORE = 4
const PARTITIONS_AFTER = 2

/** An order id of the highest partition that the topic has before, and not after. */
function orderOfLastPartition(): string {
  for (let count = 0; ; count += 1) {
    const orderId = `order-of-the-last-partition-${count}`
    if (partitionOf(Buffer.from(orderId), PARTITIONS_BEFORE) === PARTITIONS_BEFORE - 1) {
      return orderId
    }
  }
}

const fewerPartitions: Scenario = {
  name: 'fewer-partitions',
  about: 'the topic is made anew with 2 partitions of 4, while an event of the last is in doubt',
  brokers: 1,
  async run(context) {
    const proxy = proxyOf(context.cluster)
    const settings = { KAFKA_TOPIC_PARTITIONS: String(PARTITIONS_BEFORE) }
    await using cart = await Cart.start(context, { via: 'proxy', settings, isStarted: false })
    await cart.service.start()
    // Nothing else is on the topic: what was confirmed would go with it.
    const held = proxy.hold(PARTITIONS_BEFORE - 1)
    const orderId = orderOfLastPartition()
    const asked = cart.ask({ orderId, kind: 'create', asked: 2 })
    await until(() => held.count() > 0, 'its request is held')
    await makeAnew(context, cart.topic, PARTITIONS_AFTER)
    cart.journal.noteFault(`topic: made anew with ${PARTITIONS_AFTER} partitions`)
    const doubts = await cart.doubts()
    await asked
    held.release()
    await cart.untilSettled(doubts)
    await until(() => cart.service.isReady(), 'the service is ready', READY_MS_MAX)
    cart.startLoad()
    await cart.runWell()
    const report = await cart.finish()
    const partition = partitionOf(Buffer.from(orderId), PARTITIONS_AFTER)
    const found = report.observations.topic.filter((event) => event.orderId === orderId)
    if (found.length !== 1 || found[0]?.partition !== partition) {
      throw new Error(`the event is not once in partition ${partition}: ${JSON.stringify(found)}`)
    }
    return report
  },
}

export const TOPIC_FAULTS = [smallMessages, fewerPartitions]
