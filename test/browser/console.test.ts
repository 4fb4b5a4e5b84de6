import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'
import type { Browser } from 'playwright-core'
import { infrastructure } from '../support/infrastructure.ts'
import { freshSettings, startOwnService } from '../support/own-service.ts'
import { readTopic } from '../support/read-topic.ts'
import { type ServiceProcess } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { launchChromium, openConsole, orderRow, sidewaysOverflow } from './console-page.ts'

/** The console on a real service with a real Kafka and registry. */

const ROWS_MAX = 200

let browser: Browser

before(async () => {
  browser = await launchChromium()
})

after(() => browser.close())

interface RunningService {
  readonly settings: Readonly<Record<string, string>>
  readonly service: ServiceProcess
}

async function setUp(
  t: TestContext,
  more: Readonly<Record<string, string>> = {},
): Promise<RunningService> {
  const settings = { ...freshSettings(`sqlite:${await temporaryFolder(t)}/cart.db`), ...more }
  const service = await startOwnService(t, settings)
  return { settings, service }
}

async function send(method: 'POST' | 'PUT', url: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url, { method, headers, body: JSON.stringify(body) })
  assert.ok(response.ok, await response.text())
}

function createByOther({ url }: ServiceProcess, orderId: string): Promise<void> {
  return send('POST', `${url}/api/create-order`, { orderId, numItems: 2 })
}

function updateByOther({ url }: ServiceProcess, orderId: string, status: string): Promise<void> {
  return send('PUT', `${url}/api/update-order`, { orderId, status })
}

test('an order goes from the form to its row, its history and its bytes on the topic', async (t) => {
  const { service, settings } = await setUp(t)
  const { page, assertQuiet } = await openConsole(t, browser, service.url)
  await page.getByText('No order here yet').waitFor()

  await page.getByLabel('Order id').fill('ORD-1')
  await page.getByLabel('Items').fill('4')
  await page.getByRole('button', { name: 'Create' }).click()
  await page.getByText("Order 'ORD-1' created successfully").waitFor()
  await orderRow(page, 'ORD-1').getByText('pending').waitFor()

  await page.getByRole('link', { name: 'ORD-1' }).click()
  const detail = page.locator('#detail')
  await detail.getByLabel('New status').selectOption('shipped')
  await detail.getByRole('button', { name: 'Update' }).click()
  await detail.getByText("Order 'ORD-1' updated successfully").waitFor()
  await orderRow(page, 'ORD-1').getByText('shipped').waitFor()
  const newest = detail.locator('.history > li').first()
  await newest.getByText('v2').click()

  const [, record] = await readTopic(
    infrastructure().kafkaBootstrapServers,
    settings['KAFKA_TOPIC'] ?? '',
  )
  assert.ok(record)
  const fact = (name: string) =>
    newest.getByRole('row').filter({ has: page.getByRole('rowheader', { name, exact: true }) })
  await fact('ce_sequence').getByText('0000000002').waitFor()
  await fact('ce_id')
    .getByText(record.headers['ce_id'] ?? '')
    .waitFor()
  await fact('Partition, offset').getByText(`${record.partition}, ${record.offset}`).waitFor()
  await fact('Key').getByText('ORD-1').waitFor()
  const hex = [...record.value.subarray(1, 5)].map((byte) => byte.toString(16).padStart(2, '0'))
  await newest.locator('.bytes-magic').getByText('00', { exact: true }).waitFor()
  await newest.locator('.bytes-schema').getByText(hex.join(' ')).waitFor()
  await newest.getByText(`schema id ${record.value.readInt32BE(1)}`).waitFor()
  const decoded = JSON.parse(await newest.locator('.json').innerText()) as object
  const answer = (await (await fetch(`${service.url}/api/orders/ORD-1`)).json()) as { data: object }
  assert.deepEqual(decoded, answer.data)
  assertQuiet()
})

test('shows what other clients do, in the list, in the open order and in the plots', async (t) => {
  const { service } = await setUp(t)
  const { page, assertQuiet } = await openConsole(t, browser, service.url)
  await createByOther(service, 'ORD-1')
  await orderRow(page, 'ORD-1').getByText('pending').waitFor()
  await page.getByRole('link', { name: 'ORD-1' }).click()
  await page.locator('#detail .history > li').waitFor()
  await updateByOther(service, 'ORD-1', 'delivered')
  await orderRow(page, 'ORD-1').getByText('delivered').waitFor()
  await page.locator('#detail .history > li').nth(1).waitFor()
  await page.locator('#detail .summary').getByText('delivered').waitFor()
  await page.locator('#rate-plot rect.strong').first().waitFor()
  await page
    .locator('#time')
    .filter({ hasText: /^\d+ ms$/u })
    .waitFor()
  await page
    .locator('#announcements')
    .filter({ hasText: 'orders created' })
    .waitFor({ state: 'attached' })
  assertQuiet()
})

test('begins anew by itself when the service had no room for another reader', async (t) => {
  const { service } = await setUp(t, { MAX_STREAM_READERS: '1' })
  const { page: first } = await openConsole(t, browser, service.url)
  const second = await first.context().newPage()
  await second.goto(`${service.url}/console`)
  await second.getByText('Changes connecting').waitFor()
  await second.getByText('No order here yet').waitFor()
  await createByOther(service, 'ORD-1')
  await first.close()
  await second.getByText('Changes live').waitFor()
  await orderRow(second, 'ORD-1').waitFor()
  await updateByOther(service, 'ORD-1', 'shipped')
  await orderRow(second, 'ORD-1').getByText('shipped').waitFor()
})

test("puts the service's own sentences at the fields that they are about", async (t) => {
  const { service } = await setUp(t)
  const { page, assertQuiet } = await openConsole(t, browser, service.url)
  const orderId = page.getByLabel('Order id')
  await orderId.fill('   ')
  await page.getByLabel('Items').fill('three')
  await page.getByRole('button', { name: 'Create' }).click()
  const sentence = 'orderId must be a string of 1 to 255 characters without control characters'
  await page.locator('#order-id-error').getByText(sentence).waitFor()
  await page
    .locator('#num-items-error')
    .getByText('numItems must be an integer from 1 to 100, got "three"')
    .waitFor()
  assert.equal(await orderId.getAttribute('aria-invalid'), 'true')
  assert.equal(await orderId.getAttribute('aria-describedby'), 'order-id-error')
  assert.equal(await page.evaluate('document.activeElement.id'), 'order-id')

  await createByOther(service, 'ORD-1')
  await orderId.fill('ORD-1')
  await page.getByLabel('Items').fill('3')
  await page.getByRole('button', { name: 'Create' }).click()
  await page.locator('#created').getByText("Order 'ORD-1' already exists").waitFor()
  assert.equal(await page.locator('.field-error').count(), 0)
  assertQuiet()
})

test('works by the keyboard alone', async (t) => {
  const { service } = await setUp(t)
  const { page, assertQuiet } = await openConsole(t, browser, service.url)
  const { keyboard } = page
  const focused = () =>
    page.evaluate<string>('document.activeElement.localName + document.activeElement.textContent')

  /** Goes on by Tab until the element has the focus, as a bounded number of times. */
  async function tabTo(wanted: string): Promise<void> {
    for (let step = 0; step < 40; step += 1) {
      await keyboard.press('Tab')
      if (await page.evaluate<boolean>(`document.activeElement.matches('${wanted}')`)) return
    }
    assert.fail(`Tab does not lead to ${wanted}`)
  }

  await tabTo('.skip')
  await tabTo('#order-id')
  await keyboard.press('Control+A')
  await keyboard.type('ORD-1')
  await keyboard.press('Enter')
  await orderRow(page, 'ORD-1').waitFor()
  await tabTo('#order-rows a')
  await keyboard.press('Enter')
  await page.locator('#detail h2').waitFor()
  assert.equal(await focused(), 'h2ORD-1')
  await tabTo('#detail select')
  await tabTo('#detail button[type=submit]')
  await keyboard.press('Enter')
  await orderRow(page, 'ORD-1').getByText('confirmed').waitFor()
  await keyboard.press('Escape')
  await page.locator('#detail').waitFor({ state: 'hidden' })
  assert.equal(await focused(), 'aORD-1')
  assertQuiet()
})

test('shows any order id as the text that it is, and cuts nothing off on 360 pixels', async (t) => {
  const { service } = await setUp(t)
  const viewport = { width: 360, height: 740 }
  const { page, assertQuiet } = await openConsole(t, browser, service.url, { viewport })
  assert.equal(await sidewaysOverflow(page), 0)
  const ids = ['<img src=x onerror=alert(1)>', 'طلب-٤٢', 'L'.repeat(255), 'a%2Fb/../c?d#e']
  for (const orderId of ids) await createByOther(service, orderId)
  for (const orderId of ids) {
    const link = page.locator('#order-rows a').filter({ hasText: orderId })
    await link.waitFor()
    assert.equal(await sidewaysOverflow(page), 0)
    await link.click()
    const detail = page.locator('#detail')
    await detail.locator('.bytes-avro').waitFor()
    assert.equal(await detail.locator('h2').textContent(), orderId)
    await detail.getByRole('button', { name: 'kcat' }).click()
    assert.equal(await sidewaysOverflow(page), 0)
    await page.getByRole('button', { name: 'Close' }).click()
  }
  assert.equal(await page.locator('#order-rows img').count(), 0)
  assertQuiet()
})

test('is light or dark as the system is, or as the reader says, who is remembered', async (t) => {
  const { service } = await setUp(t)
  const options = { colorScheme: 'dark' } as const
  const { page, assertQuiet } = await openConsole(t, browser, service.url, options)
  const background = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor')
  const dark = await background()
  await page.emulateMedia({ colorScheme: 'light' })
  const light = await background()
  assert.notEqual(dark, light)
  const toggle = page.getByRole('button', { name: 'Theme' })
  await toggle.click()
  assert.deepEqual([await toggle.textContent(), await background()], ['light', light])
  await toggle.click()
  assert.deepEqual([await toggle.textContent(), await background()], ['dark', dark])
  await page.reload()
  assert.deepEqual([await toggle.textContent(), await background()], ['dark', dark])
  assertQuiet()
})

test('keeps a bounded number of rows, and leads to every older order', async (t) => {
  const { service } = await setUp(t)
  const { page, assertQuiet } = await openConsole(t, browser, service.url)
  const ids = Array.from({ length: ROWS_MAX + 60 }, (_, index) => `ORD-${1000 + index}`)
  for (const orderId of ids) await createByOther(service, orderId)
  await orderRow(page, ids.at(-1) ?? '').waitFor()
  const shown = () => page.locator('#order-rows a').allTextContents()
  await page
    .locator('#order-rows tr')
    .nth(ROWS_MAX - 1)
    .waitFor()
  const seen = new Set(await shown())
  assert.equal(seen.size, ROWS_MAX)

  await page.getByRole('button', { name: 'Older orders' }).click()
  await orderRow(page, 'ORD-1010').waitFor()
  const older = await shown()
  assert.equal(older.length, ROWS_MAX)
  await page.getByRole('button', { name: 'Older orders' }).click()
  await orderRow(page, 'ORD-1000').waitFor()
  for (const orderId of [...older, ...(await shown())]) seen.add(orderId)
  assert.deepEqual([...seen].toSorted(), ids)

  await createByOther(service, 'ORD-NEW')
  await page.getByRole('button', { name: 'Newest orders (1 new)' }).click()
  await orderRow(page, 'ORD-NEW').waitFor()
  assertQuiet()
})
