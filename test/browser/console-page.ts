import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'

/** The console in a real Chromium, watched: what it asks of others, and what the browser complains about. */

const CHROMIUM = '/usr/bin/chromium'

const QUIET = [
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]

/** An answer that is an error is told here, too; those are what some tests are about. */
const ANSWERED_WITH_ERROR = /^Failed to load resource/u

const WAIT_MS_MAX = 60_000

export interface ConsolePage {
  readonly page: Page
  /** Fails when the page reached anybody but the service, or the browser had to complain. */
  readonly assertQuiet: () => void
}

export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: QUIET })
}

export async function openConsole(
  t: TestContext,
  browser: Browser,
  serviceUrl: string,
  options: BrowserContextOptions = {},
): Promise<ConsolePage> {
  const context = await browser.newContext({ locale: 'en-GB', ...options })
  t.after(() => context.close())
  context.setDefaultTimeout(WAIT_MS_MAX)
  const page = await context.newPage()
  const outside: string[] = []
  const complaints: string[] = []
  page.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(`${serviceUrl}/`) && !url.startsWith('data:')) outside.push(url)
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return
    if (!ANSWERED_WITH_ERROR.test(message.text())) complaints.push(message.text())
  })
  await page.goto(`${serviceUrl}/console`)
  await stateOf(page, 'All systems up').waitFor()
  // What happens before the stream is open comes with no view but the list of orders.
  await page.locator('li', { hasText: 'Changes live' }).waitFor({ state: 'attached' })
  return {
    page,
    assertQuiet() {
      assert.deepEqual(outside, [])
      assert.deepEqual(complaints, [])
    },
  }
}

/** The one word on how the service is. */
export function stateOf(page: Page, text: string) {
  return page.locator('#state-pill').getByText(text)
}

/** By another client than the page. */
export async function createByOther(serviceUrl: string, orderId: string): Promise<void> {
  const response = await fetch(`${serviceUrl}/api/create-order`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ orderId, numItems: 1 }),
  })
  assert.equal(response.status, 201, await response.text())
}

/** Opens the dialog of a new order, fills it in and sends it. */
export async function createOrder(page: Page, orderId: string): Promise<void> {
  await page.getByRole('button', { name: 'New order' }).click()
  await page.getByLabel('Order id').fill(orderId)
  await page.getByRole('button', { name: 'Create order' }).click()
  // The dialog lay above the rows, which hold still under the pointer.
  await page.mouse.move(5, 5)
}

/** So that rows come in by themselves. */
export async function pointElsewhere(page: Page): Promise<void> {
  await page.mouse.move(5, 5)
  await page.evaluate('document.activeElement.blur()')
}

export function orderRow(page: Page, orderId: string) {
  return page.locator('#order-rows tr').filter({ has: page.getByRole('link', { name: orderId }) })
}

/** How far the page can be scrolled to the side: nothing is to be cut off. */
export function sidewaysOverflow(page: Page): Promise<number> {
  const root = 'document.documentElement'
  return page.evaluate<number>(`${root}.scrollWidth - ${root}.clientWidth`)
}
