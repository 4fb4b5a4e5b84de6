import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Locator } from 'playwright-core'
import { eventBytesMax } from '../../src/business/stream/event-size.ts'
import { LiveFeed } from '../../src/business/stream/live-feed.ts'
import type { OrderId } from '../../src/models/order.ts'
import { systemClock } from '../../src/service/system.ts'
import { createFakeQueries, orderOf, startTestServer } from '../api/harness.ts'
import { MemoryFeed } from '../support/memory-feed.ts'
import { launchChromium, orderRow } from './console-page.ts'

/** Where the links of the console lead, in a real Chromium. */

const WAIT_MS_MAX = 60_000

function hrefOf(found: Locator): Promise<string | null> {
  return found.getByRole('link').first().getAttribute('href')
}

test('a look at another view loses neither the filters nor the open order nor the pause', async (t) => {
  const { server } = await startTestServer(t)
  const origin = await server.listen({ host: 'localhost', port: 0 })
  const browser = await launchChromium()
  t.after(() => browser.close())
  const page = await browser.newPage()
  page.setDefaultTimeout(WAIT_MS_MAX)
  const left = `${origin}/console#status=shipped&order=ORD-1&paused=1`
  await page.goto(left)
  const link = (name: string) => page.locator('.site-header nav').getByRole('link', { name })
  const current = page.locator('.site-header nav [aria-current=page]')

  await link('Events').click()
  await current.getByText('Events').waitFor()
  await page.locator('#event-status').selectOption('pending')
  await page.waitForURL(`${origin}/console#view=events&status=pending`)
  await link('Orders').click()
  await current.getByText('Orders').waitFor()
  assert.equal(page.url(), left)
  assert.equal(await page.locator('#status').inputValue(), 'shipped')
  await link('Events').click()
  await page.waitForURL(`${origin}/console#view=events&status=pending`)

  // A second click on the view that is shown takes all away.
  await link('Events').click()
  await page.waitForURL(`${origin}/console#view=events`)
})

test('a link to an order has the filters of the list that it leads to, and no others', async (t) => {
  const store = new MemoryFeed()
  store.settle('ORD-1')
  const feed = new LiveFeed({
    feed: store,
    clock: systemClock,
    publishTimeoutMs: 5_000,
    eventBytesMax: () => eventBytesMax(100),
  })
  const orders = [{ order: orderOf('ORD-1' as OrderId, 2), version: 1 }]
  const queries = createFakeQueries({ listOrders: () => Promise.resolve(orders) })
  const { server } = await startTestServer(t, { queries, feed })
  const origin = await server.listen({ host: 'localhost', port: 0 })
  const browser = await launchChromium()
  t.after(() => browser.close())
  const page = await browser.newPage()
  page.setDefaultTimeout(WAIT_MS_MAX)
  await page.goto(`${origin}/console#view=events&status=pending&paused=1`)
  await page.locator('#event-rows .record-toggle').click()
  const details = page.locator('#event-rows .record-details')
  await details.getByText('Open the order').waitFor()
  assert.equal(await hrefOf(details), '#order=ORD-1')

  // The list was read while the events were shown.
  await page.locator('.site-header nav').getByRole('link', { name: 'Orders' }).click()
  const row = orderRow(page, 'ORD-1')
  await row.waitFor()
  assert.equal(await hrefOf(row), '#order=ORD-1')
  await page.locator('#search').fill('ORD')
  await page.waitForURL(`${origin}/console#search=ORD`)
  assert.equal(await hrefOf(row), '#search=ORD&order=ORD-1')
})
