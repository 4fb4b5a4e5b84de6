import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FakeRegistry } from '../test/support/fake-registry.ts'
import { startTestBroker } from '../test/support/kafka-broker.ts'
import { startService } from '../test/support/service-process.ts'

/** What the pictures of the console are taken of: a service with a Kafka of its own and many orders. */

const STATUSES = ['confirmed', 'shipped', 'delivered', 'cancelled'] as const

const IN_FLIGHT_MAX = 64

/** The newest of them have statuses of all kinds, as those that the first screens show. */
const CHANGED_ORDERS = 400

const LIVE_EVERY_MS = 150

/** By how many an order is older than the newest one, and the status that it gets then. */
const LIVE_STEPS = [
  [0, 'pending'],
  [2, 'confirmed'],
  [5, 'shipped'],
  [9, 'delivered'],
] as const

export interface Stage {
  readonly url: string
  readonly pauseKafka: () => void
  readonly killKafka: () => Promise<void>
}

/** Everything that it started ends with `life`. */
export async function setStage(
  life: AsyncDisposableStack,
  settings: Readonly<Record<string, string>> = {},
): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'cart-service-pictures-'))
  life.defer(() => rm(folder, { recursive: true }))
  const broker = await startTestBroker()
  life.defer(() => broker.close())
  const registry = await FakeRegistry.start()
  life.defer(() => registry.stop())
  const service = await startService({
    KAFKA_BOOTSTRAP_SERVERS: broker.bootstrapServers,
    SCHEMA_REGISTRY_URL: registry.url,
    DATABASE_URL: `sqlite:${folder}/cart.db`,
    ...settings,
  })
  life.defer(async () => void (await service.end('SIGTERM')))
  return { url: service.url, pauseKafka: () => broker.pause(), killKafka: () => broker.kill() }
}

/** `ORD-10000` and so on. */
export async function makeOrders({ url }: Stage, count: number): Promise<void> {
  await eachOf(count, (index) => createOrder(url, index))
  const first = Math.max(0, count - CHANGED_ORDERS)
  for (const [step, status] of STATUSES.entries()) {
    await eachOf(count - first, async (index) => {
      // A fourth of them end at each status; few are cancelled.
      const steps = index % 9 === 0 ? 4 : index % 4
      const isReached = status === 'cancelled' ? steps === 4 : steps > step && steps !== 4
      if (isReached) await changeStatus(url, first + index, status)
    })
  }
}

/** A few changes a second, until the returned function is called. */
export function makeLiveChanges({ url }: Stage, from: number): () => void {
  let step = 0
  const timer = setInterval(() => {
    // One new order, then a change of each of some that are not so new.
    const newest = from + Math.floor(step / LIVE_STEPS.length)
    const [older, status] = LIVE_STEPS[step % LIVE_STEPS.length] ?? LIVE_STEPS[0]
    const change =
      status === 'pending' ? createOrder(url, newest) : changeStatus(url, newest - older, status)
    step += 1
    // One of an order whose last change is still on its way may be refused.
    change.catch(() => undefined)
  }, LIVE_EVERY_MS)
  return () => clearInterval(timer)
}

function orderIdOf(index: number): string {
  return `ORD-${10_000 + index}`
}

async function createOrder(url: string, index: number): Promise<void> {
  await send('POST', `${url}/api/create-order`, {
    orderId: orderIdOf(index),
    numItems: 1 + (index % 4),
  })
}

async function changeStatus(url: string, index: number, status: string): Promise<void> {
  await send('PUT', `${url}/api/update-order`, { orderId: orderIdOf(index), status })
}

async function send(method: string, url: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url, { method, headers, body: JSON.stringify(body) })
  if (!response.ok) throw new Error(await response.text())
  await response.arrayBuffer()
}

async function eachOf(count: number, run: (index: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) await run(next++)
  }
  await Promise.all(Array.from({ length: IN_FLIGHT_MAX }, worker))
}
