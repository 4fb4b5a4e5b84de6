import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { startCartUnderLoad, type CartUnderLoad } from '../support/cart-under-load.ts'
import type { JournalEntry } from '../support/order-load.ts'
import { startTestBroker, type TestBroker } from '../support/kafka-broker.ts'

/** Longer than the publish time-out and than several tries of the lanes. */
const PAUSE_MS = 12_000

/** Long enough for every lane to notice, and to be refused a connection many times. */
const DOWN_MS = 3_000

let broker: TestBroker

before(async () => {
  broker = await startTestBroker()
})

after(() => broker.close())

function summarize(journal: readonly JournalEntry[]): string {
  const count = (matches: (entry: JournalEntry) => boolean): number =>
    journal.filter(matches).length
  const confirmed = count(({ status }) => status === 200 || status === 201)
  const refused = count(({ outcome }) => outcome === 'not-applied')
  const unknown = count(({ outcome }) => outcome === 'unknown')
  const unanswered = count(({ status }) => status === 0)
  return `${confirmed} confirmed, ${refused} not applied, ${unknown} unknown, ${unanswered} without answer`
}

async function survive(
  t: TestContext,
  fault: (cart: CartUnderLoad) => Promise<void>,
): Promise<CartUnderLoad> {
  const cart = await startCartUnderLoad(broker.bootstrapServers)
  try {
    await cart.runWell()
    await fault(cart)
    await cart.runWell()
    await cart.stopAndAssertTruth()
    t.diagnostic(summarize(cart.journal))
    return cart
  } finally {
    await cart.close()
  }
}

test('every answer stays true while the broker is paused for 12 seconds under load', async (t) => {
  const cart = await survive(t, async () => {
    broker.pause()
    await setTimeout(PAUSE_MS)
    broker.resume()
  })
  const unknown = cart.journal.filter(({ outcome }) => outcome === 'unknown').length
  const refused = cart.journal.filter(({ outcome }) => outcome === 'not-applied').length
  assert.ok(unknown > 0, 'what had left when the broker paused is in doubt')
  assert.ok(refused > unknown, 'what came later is a definite "no"')
})

test('every answer stays true while the broker is killed and restarted under load', async (t) => {
  await survive(t, async (cart) => {
    for (let round = 0; round < 3; round += 1) {
      await broker.kill()
      await setTimeout(DOWN_MS)
      await broker.start()
      await cart.runWell()
    }
  })
})

test('every answer stays true while the service is killed and restarted under load', async (t) => {
  await survive(t, async (cart) => {
    for (let round = 0; round < 5; round += 1) {
      await cart.kill()
      await cart.restart()
      await cart.runWell()
    }
  })
})

test('what a service left pending when it was killed is settled by the next one', async (t) => {
  await survive(t, async (cart) => {
    broker.pause()
    await cart.untilPending()
    await cart.kill()
    broker.resume()
    await cart.restart()
  })
})
