import { setTimeout as delay } from 'node:timers/promises'
import { startTestBroker } from '../support/kafka-broker.ts'
import { converse, Tally } from './conversation.ts'
import type { Attack } from './harness.ts'
import { largeRequest, times, updateRequest } from './requests.ts'
import { auditTopic } from './tools.ts'

/** All wait for one event of each order, and have their answers at its end: each the whole order. */

const SIZES = {
  full: { clients: 1_250, silentMs: 2_000 },
  short: { clients: 50, silentMs: 500 },
} as const

const ORDERS = 10

const AT_WORK_OF_A_CLIENT = 8

const ORDER_ITEMS = 100

/** Kafka was silent for a while; what nobody has looked into may be a request that was sent before. */
const TRUE_ANSWERS = new Set([
  '200',
  '409 REQUEST_IN_FLIGHT',
  '503 KAFKA_UNAVAILABLE not-applied',
  '503 KAFKA_UNAVAILABLE unknown',
  '503 SERVICE_FULL unknown',
])

export const oneKey: Attack = {
  name: 'one-key',
  about:
    'thousands send the same changes of large orders, with the same keys, while Kafka is silent',
  async run(place) {
    const { clients, silentMs } = SIZES[place.size]
    const broker = await startTestBroker()
    place.resources.defer(() => broker.close())
    const ownBroker = { KAFKA_BOOTSTRAP_SERVERS: broker.bootstrapServers }
    const { port } = await place.start(ownBroker)
    const tally = new Tally()
    const orders = times(ORDERS, (index) => `KEY-${index}`)
    await Promise.all(
      orders.map((id) => converse(port, [largeRequest(id, ORDER_ITEMS)], new Tally())),
    )
    broker.pause()
    const asking = times(clients, (client) => {
      const order = `KEY-${client % ORDERS}`
      const requests = times(AT_WORK_OF_A_CLIENT, () => updateRequest(order, 'confirmed', order))
      return converse(port, requests, tally, { inFlight: AT_WORK_OF_A_CLIENT })
    })
    await delay(silentMs)
    broker.resume()
    await Promise.all(asking)
    const audit = await auditTopic({ ...place.settings, ...ownBroker })
    return {
      sent: `${clients} clients × ${AT_WORK_OF_A_CLIENT} the same change of one of ${ORDERS} orders of ${ORDER_ITEMS} items, with the same key`,
      cameBack: tally.text,
      faults: [
        ...tally.answers.filter((answer) => !TRUE_ANSWERS.has(answer)),
        ...(tally.count('200') === 0 ? ['nobody had the answer'] : []),
        ...audit.faults,
      ],
    }
  },
}
