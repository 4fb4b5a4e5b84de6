import {
  ConfigResourceTypes,
  IncrementalAlterConfigOperationTypes,
  incrementalAlterConfigsV1,
} from '@platformatic/kafka'
import { setTimeout } from 'node:timers/promises'
import { KafkaCluster } from '../../../src/service/kafka/cluster.ts'
import { Cart } from '../harness/cart.ts'
import type { Scenario, ScenarioContext } from '../harness/scenario.ts'

/** Smaller than any event. */
const SMALL_BYTES = 100

/** The broker's own default. */
const USUAL_BYTES = 1_048_588

const SMALL_MS = 5_000

async function limitMessages(
  { cluster }: ScenarioContext,
  topic: string,
  bytes: number,
): Promise<void> {
  const brokers = cluster.brokers.map(({ port }) => ({ host: 'localhost', port }))
  await new KafkaCluster('faults', topic, brokers).askAnyBroker((connection) =>
    incrementalAlterConfigsV1.api.async(
      connection,
      [
        {
          resourceType: ConfigResourceTypes.TOPIC,
          resourceName: topic,
          configs: [
            {
              name: 'max.message.bytes',
              configOperation: IncrementalAlterConfigOperationTypes.SET,
              value: String(bytes),
            },
          ],
        },
      ],
      false,
    ),
  )
}

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

export const TOPIC_FAULTS = [smallMessages]
