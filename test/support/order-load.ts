import { randomBytes, randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { ORDER_STATUSES } from '../../src/models/order.ts'

/** What one request was, and what the service said to it. */
export interface JournalEntry {
  readonly orderId: string
  readonly kind: 'create' | 'update'
  /** Carried by the event that this request causes: it tells the two apart from all others. */
  readonly traceparent: string
  /** 0: no answer came, the connection broke. */
  status: number
  outcome: string | undefined
}

const ORDERS_IN_FLIGHT = 64
const UPDATES_PER_ORDER = 4

/** After "no" or no answer, so that an outage is asked often and the machine still does other work. */
const PAUSE_AFTER_FAILURE_MS = 5

export interface OrderLoad {
  readonly journal: readonly JournalEntry[]
  readonly confirmedCount: () => number
  /** Ends the load; resolves when every request has its answer. */
  stop(): Promise<void>
}

/** Creates orders and changes their status, many at a time, until it is stopped. */
export function startOrderLoad(url: string): OrderLoad {
  const journal: JournalEntry[] = []
  let isStopped = false
  let confirmed = 0

  async function send(orderId: string, kind: 'create' | 'update', body: object): Promise<boolean> {
    const entry: JournalEntry = {
      orderId,
      kind,
      traceparent: `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`,
      status: 0,
      outcome: undefined,
    }
    journal.push(entry)
    try {
      const response = await fetch(`${url}/api/${kind}-order`, {
        method: kind === 'create' ? 'POST' : 'PUT',
        headers: { 'content-type': 'application/json', traceparent: entry.traceparent },
        body: JSON.stringify({ orderId, ...body }),
      })
      const answer = (await response.json()) as { outcome?: string }
      entry.status = response.status
      entry.outcome = answer.outcome
    } catch {
      entry.status = 0
    }
    const isConfirmed = entry.status === 201 || entry.status === 200
    if (isConfirmed) confirmed += 1
    else await setTimeout(PAUSE_AFTER_FAILURE_MS)
    return isConfirmed
  }

  async function work(): Promise<void> {
    while (!isStopped) {
      const orderId = `order-${randomUUID()}`
      const isCreated = await send(orderId, 'create', { numItems: 2 })
      for (let index = 0; index < UPDATES_PER_ORDER && isCreated && !isStopped; index += 1) {
        const status = ORDER_STATUSES[index % ORDER_STATUSES.length]
        await send(orderId, 'update', { status })
      }
    }
  }

  const workers = Array.from({ length: ORDERS_IN_FLIGHT }, work)
  return {
    journal,
    confirmedCount: () => confirmed,
    async stop() {
      isStopped = true
      await Promise.all(workers)
    },
  }
}
