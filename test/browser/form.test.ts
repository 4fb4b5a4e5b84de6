import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core'
import type { OrderId } from '../../src/models/order.ts'
import { createFakeQueries, orderOf, startTestServer } from '../api/harness.ts'
import { launchChromium, orderRow, sidewaysOverflow, stateOf } from './console-page.ts'

/** How the pages look, measured: what a reader would see as a mistake and no rule of axe finds. */

const ORDER_COUNT = 50

const PAGES = ['console', 'docs', 'redoc', 'asyncapi'] as const

const NARROW = { width: 360, height: 740 }

/** What is left of 1280 × 720 pixels at twice the size. */
const ENLARGED = { width: 640, height: 360 }

let browser: Browser

before(async () => {
  browser = await launchChromium()
})

after(() => browser.close())

async function openPage(
  t: TestContext,
  path: string,
  options: BrowserContextOptions = {},
): Promise<Page> {
  const orders = Array.from({ length: ORDER_COUNT }, (_, index) => ({
    order: orderOf(`ORD-${1_000 + index}` as OrderId, 2),
    version: 1,
  }))
  const queries = createFakeQueries({ listOrders: () => Promise.resolve(orders) })
  const { server } = await startTestServer(t, { queries })
  const origin = await server.listen({ host: '127.0.0.1', port: 0 })
  const context = await browser.newContext(options)
  t.after(() => context.close())
  const page = await context.newPage()
  await page.goto(`${origin}/${path}`)
  await stateOf(page, 'All systems up').waitFor()
  return page
}

async function boxOf(found: Locator) {
  const box = await found.boundingBox()
  assert.ok(box, `${found.toString()} is on the page`)
  return box
}

function styleOf(page: Page, selector: string, property: string): Promise<string> {
  const one = `document.querySelector(${JSON.stringify(selector)})`
  return page.evaluate<string>(`getComputedStyle(${one}).${property}`)
}

test('the list begins within 120 pixels, its rows have 34, and its head stays while it scrolls', async (t) => {
  const page = await openPage(t, 'console')
  const first = await boxOf(orderRow(page, 'ORD-1000'))
  assert.ok(first.y <= 120, `the first row is at ${first.y}`)
  assert.equal(first.height, 34)
  const head = page.locator('#order-table thead')
  const { y } = await boxOf(head)
  await orderRow(page, `ORD-${1_000 + ORDER_COUNT - 1}`).scrollIntoViewIfNeeded()
  assert.equal((await boxOf(orderRow(page, 'ORD-1000'))).y < 0, true, 'it has scrolled')
  assert.equal((await boxOf(page.locator('#order-table thead th').first())).y, y)
})

test('every page has the same head, in the one font that comes with it', async (t) => {
  const heads = new Set<string>()
  for (const path of PAGES) {
    const page = await openPage(t, path)
    const head = page.locator('.site-header')
    const { width, height, x, y } = await boxOf(head)
    const links = await head.locator('nav a').allInnerTexts()
    heads.add(JSON.stringify([links, width, height, x, y]))
    assert.match(await styleOf(page, '.site-header', 'fontFamily'), /^"Inter Variable"/u)
    await page.waitForFunction(
      '[...document.fonts].some(({ family, status }) => /Inter/.test(family) && status === "loaded")',
    )
  }
  assert.equal(heads.size, 1, [...heads].join('\n'))
})

for (const [name, viewport] of Object.entries({ NARROW, ENLARGED })) {
  test(`the head has two lines at most, and nothing is cut off (${name})`, async (t) => {
    for (const path of ['', ...PAGES]) {
      const page = await openPage(t, path, { viewport })
      const { height } = await boxOf(page.locator('.site-header'))
      assert.ok(height <= 80, `the head of /${path} has ${height} pixels`)
      assert.equal(await sidewaysOverflow(page), 0, `/${path}`)
    }
  })
}

test('the page that is shown is seen in the head of a narrow screen, also the last of them', async (t) => {
  for (const path of PAGES) {
    const page = await openPage(t, path, { viewport: NARROW })
    const current = await boxOf(page.locator('.site-header nav [aria-current]'))
    assert.ok(current.x >= 0 && current.x + current.width <= NARROW.width - 10, `/${path}`)
  }
})

test('what is for a pointer and for keys is there on a narrow screen, and only a touched one lacks it', async (t) => {
  const shownOf = async (path: string, options: BrowserContextOptions) => {
    const page = await openPage(t, path, { viewport: NARROW, ...options })
    const [pause, keys] = [page.locator('#pause'), page.locator('#help')]
    return { pause, shown: [await pause.isVisible(), await keys.isVisible()] }
  }
  const touched = { hasTouch: true, isMobile: true }
  assert.deepEqual((await shownOf('console', {})).shown, [true, true])
  assert.deepEqual((await shownOf('console', touched)).shown, [false, false])
  const { pause, shown } = await shownOf('console#paused=1', touched)
  assert.deepEqual(shown, [true, false])
  await pause.click()
  await pause.waitFor({ state: 'hidden' })
})

test('the key of the search leads to it from an order that covers the list', async (t) => {
  const page = await openPage(t, 'console#order=ORD-1001', { viewport: ENLARGED })
  await page.locator('#detail h2').waitFor()
  assert.equal(await page.locator('#search').isVisible(), false)
  await page.keyboard.press('/')
  await page.locator('#search:focus').waitFor()
  assert.equal(await page.locator('#detail').isVisible(), false)
})

test('a notice moves nothing of the page, and an outage no row', async (t) => {
  const page = await openPage(t, 'console')
  const places = () =>
    Promise.all(
      ['.site-header', '#filters', '#order-table thead', '#order-rows tr'].map((selector) =>
        boxOf(page.locator(selector).first()),
      ),
    )
  await orderRow(page, 'ORD-1000').waitFor()
  const placed = await places()
  const strip = await boxOf(page.locator('.strip'))
  await page.getByRole('button', { name: 'New order' }).click()
  await page.getByRole('button', { name: 'Create order' }).click()
  await page.locator('.notice').waitFor()
  assert.deepEqual([await places(), await boxOf(page.locator('.strip'))], [placed, strip])
  await page.context().setOffline(true)
  await page.getByRole('alert').getByText('does not answer since').waitFor()
  assert.deepEqual(await places(), placed)
})

for (const reducedMotion of ['reduce', 'no-preference'] as const) {
  test(`a row that has come is marked with motion where the system has none against it (${reducedMotion})`, async (t) => {
    const page = await openPage(t, 'console', { reducedMotion })
    await orderRow(page, 'ORD-1000').waitFor()
    await page.evaluate('document.querySelector("#order-rows tr").classList.add("is-marked-odd")')
    const name = await styleOf(page, '.is-marked-odd > th', 'animationName')
    assert.equal(name, reducedMotion === 'reduce' ? 'none' : 'arrive-odd')
  })
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`the row of the open order is seen (${colorScheme})`, async (t) => {
    const page = await openPage(t, 'console#order=ORD-1001', { colorScheme })
    await page.locator('#order-rows .is-open').waitFor()
    const colours = await Promise.all(
      ['.is-open > th', 'tr:not(.is-open) > th'].map((row) =>
        styleOf(page, `#order-rows ${row}`, 'backgroundColor'),
      ),
    )
    assert.notEqual(colours[0], colours[1])
    assert.notEqual(await styleOf(page, '#order-rows .is-open > th', 'boxShadow'), 'none')
  })
}

test('a plot says what is under the pointer, and has an axis of time', async (t) => {
  const page = await openPage(t, 'console')
  const plot = await boxOf(page.locator('#rate-plot'))
  await page.mouse.move(plot.x + plot.width / 2, plot.y + plot.height / 2)
  await page
    .locator('#rate-hint')
    .getByText(/^\d+ s ago: 0 changes$/u)
    .waitFor()
  await page.locator('#rate-plot ~ .axis-time').getByText('60 s ago').waitFor()
  await page.mouse.move(5, 5)
  await page.locator('#rate-hint').waitFor({ state: 'hidden' })
})
