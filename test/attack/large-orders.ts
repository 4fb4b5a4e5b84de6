import { startTestBroker } from '../support/kafka-broker.ts'
import { askUnread, converse, Tally, untrueAnswers } from './conversation.ts'
import type { Attack, Findings, Place } from './harness.ts'
import { getRequest, largeRequest, times, updateRequest } from './requests.ts'
import { auditTopic } from './tools.ts'

/**
 * By default the largest order there may be has 100 kB, and with the largest MAX_ITEMS_PER_ORDER 1 MB. Each of
 * its events has as much.
 */

interface Size {
  readonly orders: number
  readonly clients: number
  readonly each: number
  readonly silentClients: number
}

const OF_100_ITEMS: Record<Place['size'], Size> = {
  full: { orders: 1_200, clients: 300, each: 8, silentClients: 600 },
  short: { orders: 48, clients: 10, each: 8, silentClients: 20 },
}

const OF_1_000_ITEMS: Record<Place['size'], Size> = {
  full: { orders: 800, clients: 200, each: 3, silentClients: 200 },
  short: { orders: 16, clients: 4, each: 3, silentClients: 4 },
}

const CREATED_AT_ONCE = 16

/** Kafka is to blame, or there is no place; what was on its way, and what may have been sent before, is in doubt. */
const TRUE_WHILE_SILENT = new Set([
  '503 KAFKA_UNAVAILABLE not-applied',
  '503 KAFKA_UNAVAILABLE unknown',
  '503 SERVICE_FULL not-applied',
  '503 SERVICE_FULL unknown',
])

export const largeOrders: Attack = {
  name: 'large-orders',
  about: 'many create, change and read the largest orders there may be, then while Kafka is silent',
  run: (place) => attackWith(place, 100, OF_100_ITEMS[place.size]),
}

export const largestOrders: Attack = {
  name: 'largest-orders',
  about: 'the same with MAX_ITEMS_PER_ORDER=1000',
  run: (place) => attackWith(place, 1_000, OF_1_000_ITEMS[place.size]),
}

const FORMER_ORDERS = { full: 600, short: 16 } as const

export const formerOrders: Attack = {
  name: 'former-orders',
  about:
    'many change orders of 1,000 items at once, and send changes of them again, after the maximum was set lower',
  async run(place) {
    const count = FORMER_ORDERS[place.size]
    const first = await place.start({ MAX_ITEMS_PER_ORDER: '1000' })
    const ids = times(count, (index) => `F-${index}`)
    const prepared = new Tally()
    await Promise.all(
      times(CREATED_AT_ONCE, (client) => {
        const requests = ids
          .filter((_, index) => index % CREATED_AT_ONCE === client)
          .flatMap((id) => [largeRequest(id, 1_000), updateRequest(id, 'confirmed', id)])
        return converse(first.port, requests, prepared)
      }),
    )
    await first.end('SIGTERM')
    const { port } = await place.start()
    const tally = new Tally()
    await Promise.all(
      ids.flatMap((id) => [
        converse(port, [updateRequest(id, 'confirmed', id)], tally),
        converse(port, [updateRequest(id, 'shipped')], tally),
      ]),
    )
    const audit = await auditTopic(place.settings)
    return {
      sent: `${count} orders of 1,000 items; MAX_ITEMS_PER_ORDER lower; then ${count} changes of them sent again and ${count} new ones, at once`,
      cameBack: tally.text,
      faults: [
        ...untrueAnswers(tally, { hasKeys: true }),
        ...(prepared.count('200') === count ? [] : [`could not prepare: ${prepared.text}`]),
        ...audit.faults,
      ],
    }
  },
}

async function attackWith(place: Place, numItems: number, size: Size): Promise<Findings> {
  const { orders, clients, each, silentClients } = size
  const broker = await startTestBroker()
  place.resources.defer(() => broker.close())
  const ownBroker = { KAFKA_BOOTSTRAP_SERVERS: broker.bootstrapServers }
  const { port } = await place.start({ ...ownBroker, MAX_ITEMS_PER_ORDER: String(numItems) })
  const create = (name: string, clientCount: number, count: number, counted: Tally) =>
    Promise.all(
      times(clientCount, (client) => {
        const requests = times(count, (index) =>
          largeRequest(`${name}-${client}-${index}`, numItems),
        )
        return converse(port, requests, counted)
      }),
    )
  const tally = new Tally()
  await create('L', CREATED_AT_ONCE, orders / CREATED_AT_ONCE, tally)
  const ids = times(
    orders,
    (index) => `L-${index % CREATED_AT_ONCE}-${Math.floor(index / CREATED_AT_ONCE)}`,
  )
  const readers = await Promise.all(
    ids
      .slice(0, clients)
      .map((id) => askUnread(port, getRequest(`/api/orders/${id}`).repeat(each))),
  )
  await Promise.all(ids.map((id) => converse(port, [updateRequest(id, 'confirmed')], tally)))
  for (const socket of readers) socket.destroy()
  await create('M', clients, each, tally)
  broker.pause()
  const whileSilent = new Tally()
  await create('S', silentClients, each, whileSilent)
  broker.resume()
  const audit = await auditTopic({ ...place.settings, ...ownBroker })
  return {
    sent: `${orders} orders of ${numItems} items created and changed, ${clients} clients × ${each} read and as many created, ${silentClients} × ${each} created while Kafka was silent`,
    cameBack: `${tally.text}; while it was silent: ${whileSilent.text}`,
    faults: [
      ...untrueAnswers(tally),
      ...whileSilent.answers.filter((answer) => !TRUE_WHILE_SILENT.has(answer)),
      ...audit.faults,
    ],
  }
}
