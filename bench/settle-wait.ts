import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import type { EventPublisher, PublishOutcome } from '../src/business/publication/publisher-port.ts'
import { Publications } from '../src/business/publication/confirm-publication.ts'
import type { OrderId } from '../src/models/order.ts'
import type { PendingEvent } from '../src/models/order-event.ts'
import { openSqliteStore } from '../src/service/storage/sqlite/store.ts'
import { systemClock } from '../src/service/system.ts'
import { somePending } from '../test/support/some-event.ts'

/**
 * How much of an answer's time is the wait for the commit of its settlement: what an answer at Kafka's ack
 * would save. The store is SQLite on this disk; Kafka is a millisecond for each request, one at a time, as
 * the lanes send together.
 *
 *   node bench/settle-wait.ts
 */

const ACK_MS = 1
const SECONDS = 4
const WARM_UP_S = 1
const DEADLINE_MS = 5_000
const VALUE_BYTES = 300
const CLIENTS = [1, 32, 256]

/** By event id: when the ack came. */
const ackedAtMs = new Map<string, number>()

class MillisecondBroker implements Pick<EventPublisher, 'publish'> {
  #waiting: Array<() => void> = []
  #isBusy = false
  #offset = 0

  publish({ event: { eventId } }: PendingEvent): Promise<PublishOutcome> {
    return new Promise((resolve) => {
      this.#waiting.push(() => {
        ackedAtMs.set(eventId, performance.now())
        resolve({ kind: 'acked', position: { partition: 0, offset: this.#offset++ } })
      })
      setImmediate(() => this.#leave())
    })
  }

  #leave(): void {
    if (this.#isBusy || this.#waiting.length === 0) return
    this.#isBusy = true
    const acks = this.#waiting.splice(0)
    setTimeout(() => {
      this.#isBusy = false
      for (const ack of acks) ack()
      setImmediate(() => this.#leave())
    }, ACK_MS)
  }
}

const folder = await mkdtemp(join(tmpdir(), 'cart-settle-wait-'))
const store = await openSqliteStore({ path: join(folder, 'orders.db') })
const publisher = new MillisecondBroker() as unknown as EventPublisher
const publications = new Publications({ store, publisher, clock: systemClock })
let orderCount = 0

for (const clients of CLIENTS) await run(clients, WARM_UP_S)
for (const clients of CLIENTS) {
  const found = await run(clients, SECONDS)
  const toAckMs = median(found.map(({ ackMs }) => ackMs))
  const toAnswerMs = median(found.map(({ answerMs }) => answerMs))
  const saved = (100 * (1 - toAckMs / toAnswerMs)).toFixed(0)
  process.stdout.write(
    `${clients} clients: p50 to the ack ${toAckMs.toFixed(1)} ms, to the answer ${toAnswerMs.toFixed(1)} ms: ${saved} %\n`,
  )
}
publications.close()
await store.close()
await rm(folder, { recursive: true })

async function run(clients: number, seconds: number) {
  const endMs = performance.now() + seconds * 1_000
  const found: Array<{ readonly ackMs: number; readonly answerMs: number }> = []
  const runClient = async (): Promise<void> => {
    while (performance.now() < endMs) {
      orderCount += 1
      const orderId = `ORD-${orderCount}` as OrderId
      const pending = { ...somePending({ orderId, valueBytes: VALUE_BYTES }), partition: 0 }
      const beganMs = performance.now()
      await publications.confirm(pending, systemClock.monotonicMs() + DEADLINE_MS)
      const { eventId } = pending.event
      const ackMs = (ackedAtMs.get(eventId) ?? NaN) - beganMs
      ackedAtMs.delete(eventId)
      found.push({ ackMs, answerMs: performance.now() - beganMs })
    }
  }
  await Promise.all(Array.from({ length: clients }, runClient))
  return found
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? NaN
}
