import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { ORDER_STATUSES } from '../../../src/models/order.ts'
import { HttpClient } from './http-client.ts'
import { isConfirmed, isOpen, isUnsent, Journal, type JournalEntry } from './journal.ts'
import { SeededRandom } from './seeded-random.ts'

const UPDATES_PER_ORDER = 4

/** After "no" or no answer, so that an outage is asked often and the machine still does other work. */
const PAUSE_AFTER_FAILURE_MS = 20

/** While nobody listens there is nothing to be learned from asking more often. */
const PAUSE_UNSENT_MS = 100

/** How often a caller that was told "unknown" asks again before it gives up. */
const REPEATS_MAX = 20

export interface LoadOptions {
  /** One address an instance; the load spreads over all of them. */
  readonly urls: readonly string[]
  readonly random?: SeededRandom
  /** Orders at the same time. */
  readonly workers?: number
  /** Between two requests of a worker. */
  readonly pauseMs?: number
  /** So many orders, each changed by all workers through all instances; by default each has its own. */
  readonly sharedOrders?: number
  /** So many creations a second, whether the earlier ones are answered or not, in place of the workers. */
  readonly createsPerSecond?: number
  /** The share of requests whose caller hangs up before the answer. */
  readonly impatience?: number
}

export interface OrderLoad {
  readonly journal: Journal
  /** Ends the load; resolves when every request has its answer or has lost its connection. */
  stop(): Promise<void>
}

/**
 * Creates orders and changes their status, many at a time, until it is stopped. Some requests are
 * sent twice at once; who is told "unknown", or nothing, sometimes sends the same again until told more.
 */
export function startOrderLoad(options: LoadOptions, journal = new Journal()): OrderLoad {
  const { urls, random = new SeededRandom(1), workers = 32, pauseMs = 0, impatience = 0 } = options
  const { sharedOrders, createsPerSecond } = options
  const client = new HttpClient()
  const run = randomUUID().slice(0, 8)
  let isStopped = false

  async function ask(
    orderId: string,
    kind: 'create' | 'update',
    asked: number | string,
    key?: string,
  ): Promise<JournalEntry> {
    const instance = random.integer(0, urls.length - 1)
    const entry = journal.begin({ orderId, kind, asked, key, instance })
    const hangUpMs = random.chance(impatience) ? random.integer(0, 10) : undefined
    journal.end(entry, await client.send(urls[instance] ?? '', entry, hangUpMs))
    const leastMs = isUnsent(entry) ? PAUSE_UNSENT_MS : PAUSE_AFTER_FAILURE_MS
    const waitMs = isConfirmed(entry) ? pauseMs : Math.max(pauseMs, leastMs)
    if (waitMs > 0) await setTimeout(waitMs)
    return entry
  }

  /**
   * As a caller who wants to know: asks the same again until the answer is yes or no, with and without
   * a key by which the service recognises it; with one, sometimes also after the answer.
   */
  async function askUntilTold(
    orderId: string,
    kind: 'create' | 'update',
    asked: number | string,
  ): Promise<boolean> {
    const key = random.chance(0.5) ? randomUUID() : undefined
    let entry = await ask(orderId, kind, asked, key)
    const wantsToKnow = random.chance(0.5)
    for (let repeat = 0; repeat < REPEATS_MAX && wantsToKnow && !isStopped; repeat += 1) {
      if (!isOpen(entry)) break
      await setTimeout(random.integer(0, 500))
      entry = await ask(orderId, kind, asked, key)
    }
    if (key !== undefined && isConfirmed(entry) && random.chance(1 / 10)) {
      await ask(orderId, kind, asked, key)
    }
    return isConfirmed(entry)
  }

  async function workOnOwnOrder(): Promise<void> {
    const orderId = `order-${randomUUID()}`
    const numItems = random.integer(1, 4)
    const copies = random.chance(1 / 20) ? 2 : 1
    const created = await Promise.all(
      Array.from({ length: copies }, () => askUntilTold(orderId, 'create', numItems)),
    )
    if (!created.some(Boolean)) return
    for (let index = 0; index < UPDATES_PER_ORDER && !isStopped; index += 1) {
      const atOnce = random.chance(1 / 8) ? 2 : 1
      const changes = Array.from({ length: atOnce }, () =>
        askUntilTold(orderId, 'update', random.pick(ORDER_STATUSES)),
      )
      await Promise.all(changes)
    }
  }

  async function workOnSharedOrder(count: number): Promise<void> {
    const orderId = `order-${run}-${random.integer(1, count)}`
    if (random.chance(1 / 4)) await askUntilTold(orderId, 'create', random.integer(1, 4))
    else await askUntilTold(orderId, 'update', random.pick(ORDER_STATUSES))
  }

  async function work(): Promise<void> {
    while (!isStopped) {
      if (sharedOrders === undefined) await workOnOwnOrder()
      else await workOnSharedOrder(sharedOrders)
    }
  }

  async function createSteadily(perSecond: number): Promise<void> {
    const unanswered = new Set<Promise<unknown>>()
    const startMs = performance.now()
    for (let count = 0; !isStopped; count += 1) {
      const asked = ask(`order-${randomUUID()}`, 'create', random.integer(1, 4))
      unanswered.add(asked)
      void asked.finally(() => unanswered.delete(asked))
      const dueMs = startMs + ((count + 1) * 1_000) / perSecond
      await setTimeout(Math.max(0, dueMs - performance.now()))
    }
    await Promise.all(unanswered)
  }

  const working =
    createsPerSecond === undefined
      ? Array.from({ length: workers }, work)
      : [createSteadily(createsPerSecond)]
  return {
    journal,
    async stop() {
      isStopped = true
      await Promise.all(working)
      client.close()
    },
  }
}
