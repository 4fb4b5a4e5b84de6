import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { freshSettings, startOwnService } from '../support/own-service.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { createByOther, launchChromium, openConsole, orderRow } from './console-page.ts'

/** The whole path without a pointer: create, find, open, change, cancel, all events, operations. */

const TABS_MAX = 60

const TOOL_MS_MAX = 120_000

let browser: Browser

before(async () => {
  browser = await launchChromium()
})

after(() => browser.close())

/** Goes on by Tab until the element has the focus, as a bounded number of times. */
async function tabTo(page: Page, wanted: string): Promise<void> {
  for (let step = 0; step < TABS_MAX; step += 1) {
    await page.keyboard.press('Tab')
    if (await hasFocus(page, wanted)) return
  }
  assert.fail(`Tab does not lead to ${wanted}`)
}

function hasFocus(page: Page, wanted: string): Promise<boolean> {
  return page.evaluate<boolean>(`document.activeElement.matches(${JSON.stringify(wanted)})`)
}

/** A press of Enter on what Tab leads to, once it takes one. */
async function press(page: Page, wanted: string): Promise<void> {
  await tabTo(page, wanted)
  await page.locator(':focus:not([aria-disabled="true"])').waitFor()
  await page.keyboard.press('Enter')
}

function focusedText(page: Page): Promise<string> {
  return page.evaluate<string>(
    'document.activeElement.localName + document.activeElement.textContent',
  )
}

test('works by the keyboard alone', async (t) => {
  const service = await startOwnService(
    t,
    freshSettings(`sqlite:${await temporaryFolder(t)}/cart.db`),
  )
  const { page, assertQuiet } = await openConsole(t, browser, service.url)
  const { keyboard } = page
  const detail = page.locator('#detail')

  await tabTo(page, '.skip')
  await keyboard.press('c')
  await keyboard.press('Control+A')
  await keyboard.type('ORD-1')
  await keyboard.press('Enter')
  await orderRow(page, 'ORD-1').waitFor()

  // An order of its own items, by the arrows and by Tab.
  await keyboard.press('c')
  await keyboard.press('Control+A')
  await keyboard.type('ORD-2')
  await tabTo(page, '#currency')
  await keyboard.type('EUR')
  await tabTo(page, '[name=kind]')
  await keyboard.press('ArrowDown')
  await tabTo(page, '#item-0-itemId')
  await keyboard.type('TEAPOT')
  await tabTo(page, '#item-0-price')
  await keyboard.type('19.999')
  await keyboard.press('Enter')
  await page.locator('#item-0-price-error').waitFor()
  assert.equal(await hasFocus(page, '#item-0-price'), true, 'the field that is wrong has the focus')
  await keyboard.press('Backspace')
  assert.equal(await page.locator('.field-error').count(), 0)
  await keyboard.press('Enter')
  await orderRow(page, 'ORD-2').waitFor()
  for (const row of ['aORD-2', 'aORD-1']) {
    await keyboard.press('j')
    assert.equal(await focusedText(page), row)
  }

  await keyboard.press('/')
  await keyboard.type('ORD-1')
  await keyboard.press('Enter')
  await page.locator('#order-rows a:focus').waitFor()
  assert.deepEqual(
    [await focusedText(page), await page.locator('#order-rows tr').count()],
    ['aORD-1', 1],
  )
  await keyboard.press('Enter')
  await detail.locator('h2').waitFor()
  assert.equal(await focusedText(page), 'h2ORD-1')

  await press(page, '#detail .primary')
  await orderRow(page, 'ORD-1').getByText('confirmed').waitFor()
  await page.getByRole('button', { name: 'Mark as shipped' }).waitFor()
  await press(page, '#detail .steps summary')
  await press(page, '#detail .steps .danger')
  await page.getByRole('dialog').waitFor()
  assert.equal(await focusedText(page), 'buttonKeep the order', 'Enter alone cancels nothing')
  await keyboard.press('Enter')
  await page.locator('#cancel-title').waitFor({ state: 'detached' })
  assert.equal(await focusedText(page), 'buttonMark as shipped')
  await press(page, '#detail .steps summary')
  await press(page, '#detail .steps .danger')
  await press(page, '[open] .primary.danger')
  await orderRow(page, 'ORD-1').getByText('cancelled').waitFor()
  await press(page, '#detail .timeline summary')
  await detail.locator('.bytes-avro').waitFor()
  await keyboard.press('Escape')
  await detail.waitFor({ state: 'hidden' })
  assert.equal(await focusedText(page), 'aORD-1')

  await press(page, '.site-header a[href="console#view=events"]')
  // Keys that follow in the same millisecond would still be of the view before.
  await page.locator('#event-search').waitFor()
  await keyboard.press('/')
  assert.equal(await hasFocus(page, '#event-search'), true)
  await keyboard.type('ORD-22')
  await page.getByText('No event matches these filters').waitFor()
  await press(page, '#event-further')
  await page.locator('#event-note').getByText('0 matching records read.').waitFor()
  assert.equal(await hasFocus(page, '#event-further'), true)
  await keyboard.press('/')
  await keyboard.press('End')
  await keyboard.press('Backspace')
  await page.locator('#event-rows .record').nth(1).waitFor({ state: 'detached' })
  await press(page, '.record-toggle')
  await page.locator('#event-rows .bytes-avro').waitFor()
  await tabTo(page, '.record-details pre')
  await keyboard.press('Escape')
  await page.locator('#event-rows .bytes-avro').waitFor({ state: 'hidden' })
  assert.equal(await hasFocus(page, '.record-toggle'), true)

  await press(page, '.site-header a[href="console#view=operations"]')
  await press(page, '#doctor-run')
  await page.locator('#doctor-progress').getByText('Ended').waitFor({ timeout: TOOL_MS_MAX })
  await press(page, '#audit-run')
  await page.locator('#audit-result').getByText('agree').waitFor({ timeout: TOOL_MS_MAX })
  assertQuiet()
})

test('the focus stays where the reader is, also when what was pressed goes away', async (t) => {
  const service = await startOwnService(
    t,
    freshSettings(`sqlite:${await temporaryFolder(t)}/cart.db`),
  )
  const create = (orderId: string) => createByOther(service.url, orderId)
  await create('ORD-1')
  const { page, assertQuiet } = await openConsole(t, browser, service.url)
  const { keyboard } = page
  await page.goto(`${service.url}/console#status=pending&order=ORD-1`)
  await page.locator('#detail h2').waitFor()
  await keyboard.press('/')
  await keyboard.type('ORD')
  await page.waitForURL(/search=ORD/u)
  await keyboard.press('Escape')
  await page.waitForURL((url) => !url.hash.includes('search'))
  assert.equal(await page.locator('#detail').isVisible(), true, 'it left the search alone')
  await press(page, '.chip')
  await page.waitForURL((url) => !url.hash.includes('status'))
  assert.equal(await hasFocus(page, '#search'), true)
  await keyboard.type('ORD-2')
  await page.getByText('No order matches these filters').waitFor()
  await press(page, '#clear-empty')
  await orderRow(page, 'ORD-1').waitFor()
  assert.equal(await hasFocus(page, '#search'), true)
  await press(page, '#pause')
  await create('ORD-2')
  await page.getByRole('button', { name: '1 new order' }).waitFor()
  await keyboard.press('Shift+Tab')
  await keyboard.press('Shift+Tab')
  assert.equal(await hasFocus(page, '#bring'), true)
  await keyboard.press('Enter')
  await orderRow(page, 'ORD-2').waitFor()
  assert.equal(await focusedText(page), 'aORD-2')
  assertQuiet()
})

test('keys of one character can be switched off, and on again', async (t) => {
  const service = await startOwnService(
    t,
    freshSettings(`sqlite:${await temporaryFolder(t)}/cart.db`),
  )
  const { page, assertQuiet } = await openConsole(t, browser, service.url)
  const { keyboard } = page
  const help = page.locator('#help-dialog')
  const dialog = page.locator('#create-dialog')
  await keyboard.press('/')
  assert.equal(await hasFocus(page, '#search'), true)
  await keyboard.press('?')
  assert.equal(await help.isVisible(), false, 'it is a letter of the search')
  await tabTo(page, '#more-filters summary')
  await keyboard.press('?')
  await help.waitFor()
  await tabTo(page, '#shortcuts-on')
  await keyboard.press('Space')
  await keyboard.press('Escape')
  await keyboard.press('c')
  assert.equal(await dialog.isVisible(), false)
  await press(page, '#help')
  await tabTo(page, '#shortcuts-on')
  await keyboard.press('Space')
  await keyboard.press('Escape')
  await keyboard.press('c')
  await dialog.waitFor()
  assertQuiet()
})
