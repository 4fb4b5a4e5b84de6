import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { findFreePort } from '../../dev-services/ports.ts'
import { startTestServer, type TestServerDeps } from '../api/harness.ts'
import { createBusyOperations } from './busy-operations.ts'
import { launchChromium } from './console-page.ts'

/** The rules of axe on every page and what opens on it, light and dark. */

const AXE = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')

interface Violation {
  readonly id: string
  readonly nodes: readonly { readonly target: readonly string[] }[]
}

let browser: Browser

before(async () => {
  browser = await launchChromium()
})

after(() => browser.close())

async function openPage(
  t: TestContext,
  path: string,
  colorScheme: 'light' | 'dark',
  deps: TestServerDeps = {},
): Promise<Page> {
  const { server } = await startTestServer(t, deps)
  const origin = await server.listen({ host: '127.0.0.1', port: 0 })
  const context = await browser.newContext({ colorScheme })
  t.after(() => context.close())
  const page = await context.newPage()
  await page.goto(`${origin}${path}`)
  // The head is there, and with it the theme.
  const hasOperatorsPort = deps.settings?.management !== undefined
  await page
    .locator('#state-pill')
    .getByText(hasOperatorsPort ? 'Connected' : 'All systems up')
    .waitFor()
  return page
}

async function findings(page: Page): Promise<string[]> {
  // What fades in has no colour of its own yet. What is taken away meanwhile, such as the sign of Swagger
  // UI that it loads, is cancelled, which is no finding.
  await page.evaluate('Promise.allSettled(document.getAnimations().map((one) => one.finished))')
  await page.evaluate(AXE)
  const { violations } = await page.evaluate<{ violations: readonly Violation[] }>('axe.run()')
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target).join(' ')}`)
}

const PAGES = [
  ['/', 'All systems up'],
  ['/console', 'No order here yet'],
  ['/console#view=events', 'No event here yet'],
  ['/console#view=events&search=ORD', 'Look through the last 10 minutes'],
  ['/console#view=operations', 'No event is pending'],
  ['/docs', 'Create an order'],
  ['/redoc', 'Create orders and change their status'],
  ['/asyncapi', 'OrderCreated'],
] as const

/** Not all of them: axe judges what is open, for a minute if all is. */
const TRIED = [
  // Has a body. Its schemas are shown, those of the others by examples.
  ['createOrder', '.live-responses-table'],
  ['listOrders', '.live-responses-table'],
  // Without its parameter it is not sent.
  ['getOrder', 'input.invalid'],
] as const

for (const colorScheme of ['light', 'dark'] as const) {
  for (const [path, ready] of PAGES) {
    test(`axe finds nothing on ${path} (${colorScheme})`, async (t) => {
      const page = await openPage(t, path, colorScheme)
      await page.getByText(ready).first().waitFor()
      assert.deepEqual(await findings(page), [])
    })
  }

  test(`axe finds nothing on an open order, a dialog with errors and the menus (${colorScheme})`, async (t) => {
    const page = await openPage(t, '/console#order=ORD-1', colorScheme)
    await page.locator('.steps summary').click()
    assert.deepEqual(await findings(page), [])
    await page.locator('.steps .danger').click()
    assert.deepEqual(await findings(page), [])
    await page.getByRole('button', { name: 'Keep the order' }).click()
    await page.locator('#more-filters summary').click()
    await page.locator('#state summary').click()
    assert.deepEqual(await findings(page), [])
    await page.getByRole('button', { name: 'New order' }).click()
    await page.getByLabel('Own items and prices').check()
    await page.getByLabel('Order id').fill(' ')
    await page.getByRole('button', { name: 'Create order' }).click()
    await page.locator('.field-error').first().waitFor()
    assert.deepEqual(await findings(page), [])
  })
  test(`axe finds nothing on operations of /docs that are open and tried (${colorScheme})`, async (t) => {
    const page = await openPage(t, '/docs', colorScheme)
    for (const [operation, execution] of TRIED) {
      const block = page.locator(`.opblock[id$="-${operation}"]`)
      await block.locator('.opblock-summary-control').click()
      await block.getByRole('button', { name: 'Execute' }).click()
      await block.locator(execution).first().waitFor()
    }
    const creation = page.locator('.opblock[id$="-createOrder"]')
    for (const tab of await creation.getByRole('tab', { name: 'Schema' }).all()) await tab.click()
    assert.deepEqual(await findings(page), [])
  })

  test(`axe finds nothing on what the tools have said, and on a record (${colorScheme})`, async (t) => {
    const operations = createBusyOperations()
    const page = await openPage(t, '/console#view=operations', colorScheme, { operations })
    await page.locator('#doctor-result').getByText('1 problem').waitFor()
    await page.locator('#audit-result').getByText('1 difference').waitFor()
    await page.getByRole('button', { name: 'Look' }).click()
    await page.locator('#letters-rows .record-toggle').first().click()
    assert.deepEqual(await findings(page), [])
    await page.getByRole('link', { name: 'Events' }).click()
    await page.locator('#events-view summary').click()
    assert.deepEqual(await findings(page), [])
    await page.getByRole('button', { name: 'The last hour' }).click()
    await page.locator('#event-note').getByText('2 records read.').waitFor()
    for (const toggle of await page.locator('#event-rows .record-toggle').all()) {
      await toggle.click()
    }
    await page.locator('#event-rows').getByText('the value has no framing').waitFor()
    assert.deepEqual(await findings(page), [])
  })

  test(`says where operations are when operators have a port of their own (${colorScheme})`, async (t) => {
    const management = { host: '127.0.0.1', port: await findFreePort() }
    const settings = { management }
    const page = await openPage(t, '/console#view=operations', colorScheme, { settings })
    const sentence = 'This service answers operators on a port of their own (MANAGEMENT_PORT)'
    await page.locator('#operations-refusal').getByText(sentence).waitFor()
    assert.equal(await page.locator('#operations-view button:visible').count(), 0)
    assert.deepEqual(await findings(page), [])
    await page.getByRole('link', { name: 'Events' }).click()
    await page.locator('#events-view summary').click()
    await page.getByRole('button', { name: 'The last hour' }).click()
    await page.locator('#event-note').getByText(sentence).waitFor()
  })
}
