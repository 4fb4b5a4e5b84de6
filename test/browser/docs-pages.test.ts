import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { chromium, type BrowserContextOptions, type Page } from 'playwright-core'
import { startTestServer } from '../api/harness.ts'
import { sidewaysOverflow } from './console-page.ts'

/** In a real Chromium: the pages of documentation show what they are about and reach nobody but the service. */

const CHROMIUM = '/usr/bin/chromium'

const QUIET = [
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]

interface OpenedPage {
  readonly page: Page
  readonly outside: readonly string[]
  /** What the browser had to complain about. */
  readonly complaints: readonly string[]
}

async function openPage(
  t: TestContext,
  path: string,
  options: BrowserContextOptions = {},
): Promise<OpenedPage> {
  const { server } = await startTestServer(t)
  const origin = await server.listen({ host: '127.0.0.1', port: 0 })
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: QUIET })
  t.after(() => browser.close())
  const page = await browser.newPage(options)
  const outside: string[] = []
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  // Also those that the browser refuses to send.
  page.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(origin) && !/^(?:data|blob):/u.test(url)) outside.push(url)
  })
  await page.goto(`${origin}${path}`)
  return { page, outside, complaints }
}

/** What the page's policy refuses, and what is wrong with the page. */
function refusals({ complaints }: OpenedPage): string[] {
  return complaints.filter((text) => /Content Security Policy/u.test(text))
}

test('/docs shows and tries the operations, and reaches nobody but the service', async (t) => {
  const opened = await openPage(t, '/docs')
  const { page, outside } = opened
  await page.getByText('Create an order').first().waitFor()
  await page.locator('.opblock-post .opblock-summary-control').first().click()
  await page.getByRole('button', { name: 'Execute' }).click({ timeout: 10_000 })
  await page.getByText('Response body').first().waitFor()
  await page.waitForLoadState('networkidle')
  assert.deepEqual([outside, refusals(opened)], [[], []])
})

/** In the page: the controls and images that a screen reader has no name for. */
const NAMELESS = `
  [...document.querySelectorAll('select, textarea, input:not([type=hidden]), img')]
    .filter((element) => element.checkVisibility())
    .filter((element) => !(element.labels?.length > 0))
    .filter((element) => ['aria-label', 'aria-labelledby', 'title', 'alt', 'placeholder']
      .every((name) => !element.getAttribute(name)))
    .map((element) => element.outerHTML.slice(0, 200))`

test('/docs names all its controls and images, also those that come as one opens things', async (t) => {
  const { page } = await openPage(t, '/docs')
  await page.getByText('Create an order').first().waitFor()
  const controls = page.locator('select, textarea, input')
  const closedCount = await controls.count()
  for (const summary of await page.locator('.opblock-summary-control').all()) await summary.click()
  await page.getByText('Response body').or(page.locator('.body-param__text')).first().waitFor()
  assert.ok((await controls.count()) > closedCount + 20)
  assert.deepEqual(await page.evaluate(NAMELESS), [])
})

test('/redoc shows the operations with its styles, and reaches nobody but the service', async (t) => {
  const opened = await openPage(t, '/redoc')
  const { page, outside } = opened
  const title = page.getByRole('heading', { name: /CartService/u }).first()
  await title.waitFor()
  await page.getByText('Create orders and change their status').first().waitFor()
  await page.waitForLoadState('networkidle')
  const font = await page.evaluate<string>(
    'getComputedStyle(document.querySelector("h1")).fontFamily',
  )
  assert.doesNotMatch(font, /^(?:serif|"?Times)/u)
  assert.deepEqual([outside, refusals(opened)], [[], []])
})

for (const colorScheme of ['light', 'dark'] as const) {
  test(`/asyncapi shows the events on a narrow screen, too (${colorScheme})`, async (t) => {
    const viewport = { width: 360, height: 740 }
    const { page, outside, complaints } = await openPage(t, '/asyncapi', { colorScheme, viewport })
    for (const text of ['OrderCreated', 'ce_sequence']) {
      await page.getByText(text).first().waitFor()
    }
    for (const example of await page.getByText('An example').all()) await example.click()
    await page.getByText('"totalAmount"').first().waitFor()
    assert.equal(await sidewaysOverflow(page), 0)
    await page.getByRole('link', { name: 'Avro schema' }).waitFor()
    assert.deepEqual(outside, [])
    assert.deepEqual(complaints, [])
  })
}
