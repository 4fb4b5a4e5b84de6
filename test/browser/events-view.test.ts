import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { freshSettings, startOwnService } from '../support/own-service.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { createByOther, launchChromium, openConsole, pointElsewhere } from './console-page.ts'

/** All events of the topic, on a real service with a real Kafka and registry. */

let browser: Browser

before(async () => {
  browser = await launchChromium()
})

after(() => browser.close())

test('shows all events as they come, filters and holds them, and reads the topic for earlier ones', async (t) => {
  const service = await startOwnService(
    t,
    freshSettings(`sqlite:${await temporaryFolder(t)}/cart.db`),
  )
  const send = async (method: 'POST' | 'PUT', path: string, body: object): Promise<void> => {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(service.url + path, { method, headers, body: JSON.stringify(body) })
    assert.ok(answer.ok, await answer.text())
  }
  const create = (orderId: string) => send('POST', '/api/create-order', { orderId, numItems: 1 })
  const ship = (orderId: string) => send('PUT', '/api/update-order', { orderId, status: 'shipped' })

  await create('BEFORE')
  const { page, assertQuiet } = await openConsole(t, browser, service.url)
  await page.getByRole('link', { name: 'Events' }).click()
  const rows = page.locator('#event-rows .record')
  const row = (key: string, status: string) =>
    rows.filter({ hasText: key }).filter({ hasText: status })
  // It was the last one before the page was opened.
  await row('BEFORE', 'pending').getByText('v1').waitFor()
  await create('ORD-1')
  await ship('ORD-1')
  await row('ORD-1', 'pending').waitFor()
  await row('ORD-1', 'shipped').getByText('v2').waitFor()

  await page.locator('#event-status').selectOption('shipped')
  await row('ORD-1', 'pending').waitFor({ state: 'detached' })
  await page.reload()
  assert.equal(await page.locator('#event-status').inputValue(), 'shipped')
  await row('ORD-1', 'shipped').waitFor()
  assert.equal(await rows.count(), 1)
  await page.locator('#event-clear').click()

  await page.locator('#events-view summary').click()
  await page.getByRole('button', { name: 'The whole topic' }).click()
  await page.locator('#event-note').getByText('3 records read.').waitFor()
  assert.equal(await rows.count(), 3)

  await page.getByRole('button', { name: 'Pause' }).click()
  await pointElsewhere(page)
  await create('ORD-2')
  await page.getByRole('button', { name: '1 new event' }).click()
  await row('ORD-2', 'pending').waitFor()
  await page.getByRole('button', { name: 'Paused' }).click()

  const details = page.locator('#event-rows .record-details:visible')
  await page.context().setOffline(true)
  await row('ORD-2', 'pending').click()
  await details.getByText('The service does not answer.').waitFor()
  await row('ORD-2', 'pending').click()
  await page.context().setOffline(false)
  await row('ORD-2', 'pending').click()
  await details.getByRole('rowheader', { name: 'ce_sequence' }).waitFor()
  await details.getByText('0000000001').waitFor()
  await details.locator('.bytes-magic').waitFor()
  await details.locator('.json', { hasText: '"orderId": "ORD-2"' }).waitFor()
  // A row that is open holds the others.
  await pointElsewhere(page)
  await create('ORD-3')
  await page.getByRole('button', { name: '1 new event' }).waitFor()
  assert.equal(await row('ORD-3', 'pending').count(), 0)
  await details.getByRole('link', { name: 'Open the order' }).click()
  await page.locator('#detail h2').getByText('ORD-2').waitFor()
  assertQuiet()
})

test('where the filters find nothing it says how far back it looked, and looks further by them', async (t) => {
  const service = await startOwnService(
    t,
    freshSettings(`sqlite:${await temporaryFolder(t)}/cart.db`),
  )
  const create = (orderId: string) => createByOther(service.url, orderId)
  await create('OLD-1')
  // More than a view begins with, and than a look without the filters gives.
  for (let round = 0; round < 10; round += 1) {
    await Promise.all(Array.from({ length: 23 }, (_, index) => create(`ORD-${round}-${index}`)))
  }
  const { page, assertQuiet } = await openConsole(t, browser, service.url)
  await page.goto(`${service.url}/console#view=events`)
  await page.reload()
  const rows = page.locator('#event-rows .record')
  await rows.nth(50).waitFor()
  await page.locator('#event-search').fill('OLD')
  await page.getByText('No event matches these filters').waitFor()
  await page.getByText(/^Looked through the last \d+ events, back to .*\d\.$/u).waitFor()
  await page.locator('#event-status').selectOption('shipped')
  const further = page.locator('#event-further')
  await further.click()
  await page.locator('#event-note').getByText('0 matching records read.').waitFor()
  await page.getByText('Looked through the last 10 minutes.').waitFor()
  await further.getByText('Look through the last hour').waitFor()
  // Of other filters nothing was looked for yet.
  await page.locator('#event-status').selectOption('')
  await further.getByText('Look through the last 10 minutes').click()
  await page.locator('#event-note').getByText('1 matching record read.').waitFor()
  await rows.filter({ hasText: 'OLD-1' }).waitFor()
  assert.equal(await page.evaluate('document.activeElement.className'), 'record-toggle')
  await page.keyboard.press('Enter')
  await page.locator('#event-rows .record-details').getByText('Open the order').waitFor()
  await page.locator('#event-clear').click()
  await rows.nth(50).waitFor()
  assertQuiet()
})
