import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'
import type { Browser, Locator } from 'playwright-core'
import { versionMoved } from '../../src/business/refusals.ts'
import { eventBytesMax } from '../../src/business/stream/event-size.ts'
import { LiveFeed } from '../../src/business/stream/live-feed.ts'
import type { Order, OrderId, OrderStatus } from '../../src/models/order.ts'
import { systemClock } from '../../src/service/system.ts'
import {
  createFakeCommands,
  createFakeQueries,
  orderOf,
  startTestServer,
  type FakeCommands,
} from '../api/harness.ts'
import { MemoryFeed } from '../support/memory-feed.ts'
import { launchChromium, openConsole } from './console-page.ts'

/** A step that is clicked is the one that the reader saw. */

const ORDER_ID = 'ORD-1' as OrderId

/** More than a step waits before it takes a click. */
const LATER_MS = 1_000

let browser: Browser

before(async () => {
  browser = await launchChromium()
})

after(() => browser.close())

/** A service with one order, whose changes are carried out. `mark`: as a proxy does it to its tag. */
async function startShop(t: TestContext, mark = (tag: string) => tag) {
  const store = new MemoryFeed()
  const feed = new LiveFeed({
    feed: store,
    clock: systemClock,
    publishTimeoutMs: 5_000,
    eventBytesMax: () => eventBytesMax(100),
  })
  let order: Order = orderOf(ORDER_ID, 2)
  let version = 1
  const change = (status: OrderStatus) => {
    order = { ...order, status }
    version += 1
    store.settle(ORDER_ID, status)
    feed.wake()
  }
  const fake = createFakeCommands()
  const commands: FakeCommands = {
    ...fake,
    async changeOrderStatus(command) {
      await fake.changeOrderStatus(command)
      if (command.expectedVersions?.includes(version) === false) {
        throw versionMoved(ORDER_ID, version)
      }
      change(command.status)
      return { order, version, isReplayed: false }
    },
  }
  const queries = createFakeQueries({ getOrder: async () => ({ order, version }) })
  const { server } = await startTestServer(t, { commands, queries, feed })
  server.addHook('onSend', async (_request, reply) => {
    const tag = reply.getHeader('etag')
    if (typeof tag === 'string') reply.header('etag', mark(tag))
  })
  const url = await server.listen({ host: '127.0.0.1', port: 0 })
  return { url, change, statuses: () => fake.changed.map(({ status }) => status) }
}

async function middleOf(found: Locator): Promise<[number, number]> {
  const box = await found.boundingBox()
  assert.ok(box, `${found.toString()} is on the page`)
  return [box.x + box.width / 2, box.y + box.height / 2]
}

test('the second click of a double click does not carry out the step after', async (t) => {
  const { url, statuses } = await startShop(t)
  const { page, assertQuiet } = await openConsole(t, browser, url)
  const step = (name: string) => page.getByRole('button', { name })
  await page.clock.install()
  await page.goto(`${url}/console#order=${ORDER_ID}`)
  await page.reload()
  await step('Confirm order').waitFor()
  await page.clock.pauseAt(Date.now() + 60_000)
  const place = await middleOf(step('Confirm order'))
  await page.mouse.click(...place)
  await step('Mark as shipped').waitFor()
  await page.mouse.click(...place)
  assert.equal(await step('Mark as shipped').getAttribute('aria-disabled'), 'true')
  await page.clock.runFor(LATER_MS)
  assert.equal(await step('Mark as shipped').getAttribute('aria-disabled'), 'false')
  await page.mouse.click(...place)
  await step('Mark as delivered').waitFor()
  assert.deepEqual(statuses(), ['confirmed', 'shipped'])
  assertQuiet()
})

test('an order that was changed while the question was open is not cancelled', async (t) => {
  const { url, change, statuses } = await startShop(t)
  const { page, assertQuiet } = await openConsole(t, browser, url)
  await page.goto(`${url}/console#order=${ORDER_ID}`)
  const detail = page.locator('#detail')
  await detail.locator('.steps summary').click()
  await detail.getByRole('button', { name: 'Cancel order' }).click()
  change('shipped')
  await detail.locator('.steps .primary').getByText('Mark as delivered').waitFor()
  await page.getByRole('button', { name: 'Cancel the order' }).click()
  await page.locator('.notice').getByText('is at version 2').waitFor()
  await detail.locator('.pill').getByText('shipped').waitFor()
  assert.deepEqual(statuses(), ['cancelled'])
  assertQuiet()
})

for (const mark of [(tag: string) => `W/${tag}`, (tag: string) => tag.replace(/"$/, '-gzip"')]) {
  test(`a proxy that compresses, and makes ${mark('"3"')} of a tag, keeps nobody from a step`, async (t) => {
    const { url, statuses } = await startShop(t, mark)
    const { page, assertQuiet } = await openConsole(t, browser, url)
    await page.goto(`${url}/console#order=${ORDER_ID}`)
    await page.getByRole('button', { name: 'Confirm order' }).click()
    await page.getByRole('button', { name: 'Mark as shipped' }).waitFor()
    assert.deepEqual(statuses(), ['confirmed'])
    assertQuiet()
  })
}
