import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { orderAlreadyExists } from '../../src/business/refusals.ts'
import type { OrderId } from '../../src/models/order.ts'
import { createFakeCommands, startTestServer, type FakeCommands } from '../api/harness.ts'
import { launchChromium, openConsole } from './console-page.ts'

/** The dialog of a new order speaks of that order alone. */

const TAKEN = 'ORD-1' as OrderId

let browser: Browser

before(async () => {
  browser = await launchChromium()
})

after(() => browser.close())

test('says what is wrong until it is corrected or given up, and begins each order anew', async (t) => {
  const fake = createFakeCommands()
  const commands: FakeCommands = {
    ...fake,
    async createOrder(command) {
      if (command.orderId === TAKEN) throw orderAlreadyExists(TAKEN)
      return fake.createOrder(command)
    },
  }
  const { server } = await startTestServer(t, { commands })
  const url = await server.listen({ host: '127.0.0.1', port: 0 })
  const { page, assertQuiet } = await openConsole(t, browser, url)
  const dialog = page.locator('#create-dialog')
  const orderId = page.getByLabel('Order id')
  const result = page.locator('#create-result')
  const errors = page.locator('.field-error')
  const create = () => page.getByRole('button', { name: 'Create order' }).click()

  await page.keyboard.press('c')
  await orderId.fill(TAKEN)
  await create()
  await page.locator('#order-id-error').getByText("Order 'ORD-1' already exists").waitFor()
  assert.equal(await page.evaluate('document.activeElement.id'), 'order-id')
  await result.getByText('The order exists already.').waitFor()
  await orderId.fill('ORD-2')
  assert.deepEqual([await errors.count(), await result.textContent()], [0, ''])

  await orderId.fill(TAKEN)
  await create()
  await errors.waitFor()
  await page.getByRole('button', { name: 'Cancel', exact: true }).click()
  await page.keyboard.press('c')
  assert.deepEqual([await errors.count(), await result.textContent()], [0, ''])
  assert.equal(await orderId.getAttribute('aria-invalid'), null)

  await page.getByLabel('Customer id').fill('CUST-7')
  await page.getByLabel('Own items and prices').check()
  await page.getByLabel('Item of item 1').fill('TEA')
  await page.getByLabel('Price of item 1').fill('4')
  await create()
  await dialog.waitFor({ state: 'hidden' })
  await page.keyboard.press('c')
  assert.equal(await page.getByLabel('Generated').isChecked(), true)
  assert.equal(await page.getByLabel('Number of items').inputValue(), '3')
  assert.equal(await page.getByLabel('Customer id').inputValue(), '')
  await page.getByLabel('Own items and prices').check()
  assert.equal(await page.getByLabel('Item of item 1').inputValue(), '')
  assertQuiet()
})
