import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'
import type { Browser } from 'playwright-core'
import { infrastructure } from '../support/infrastructure.ts'
import { freshSettings, startOwnService } from '../support/own-service.ts'
import { readTopic } from '../support/read-topic.ts'
import { type ServiceProcess } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'
import {
  launchChromium,
  openConsole,
  orderRow,
  pointElsewhere,
  sidewaysOverflow,
  stateOf,
} from './console-page.ts'

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

test('an order goes from the dialog to its row, its timeline and its bytes on the topic', async (t) => {
  const { service, settings } = await setUp(t)
  const { page, assertQuiet } = await openConsole(t, browser, service.url)
  await page.getByText('No order here yet').waitFor()

  await page.getByRole('button', { name: 'New order' }).click()
  await page.getByLabel('Order id').fill('ORD-1')
  await page.getByLabel('Number of items').fill('4')
  await page.getByRole('button', { name: 'Create order' }).click()
  const notice = page.locator('.notice', { hasText: "Order 'ORD-1' created successfully" })
  await orderRow(page, 'ORD-1').getByText('pending').waitFor()
  await notice.getByRole('link', { name: 'Open' }).click()

  const detail = page.locator('#detail')
  await detail.locator('.item-table tbody tr').nth(3).waitFor()
  await detail.locator('.steps summary').click()
  await detail.getByRole('button', { name: 'Mark as shipped' }).click()
  await orderRow(page, 'ORD-1').getByText('shipped').waitFor()
  await detail.getByRole('button', { name: 'Mark as delivered' }).waitFor()
  const newest = detail.locator('.timeline > li').first()
  assert.equal(await newest.locator('.bytes-magic').count(), 0)
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
  await page.locator('#detail .timeline > li').waitFor()
  await updateByOther(service, 'ORD-1', 'delivered')
  await orderRow(page, 'ORD-1').getByText('delivered').waitFor()
  await page.locator('#detail .timeline > li').nth(1).waitFor()
  await page.locator('#detail .heading-status').getByText('delivered').waitFor()
  await page.locator('#rate-plot rect.strong').first().waitFor({ state: 'attached' })
  await page
    .locator('#time')
    .filter({ hasText: /^\d+ ms$/u })
    .waitFor()
  await page
    .locator('#announcements')
    .filter({ hasText: '1 order created' })
    .waitFor({ state: 'attached' })
  assertQuiet()
})

test('an order that is erased shows no customer any more, and no step', async (t) => {
  const { service } = await setUp(t)
  await createByOther(service, 'ORD-1')
  await updateByOther(service, 'ORD-1', 'delivered')
  const { page, assertQuiet } = await openConsole(t, browser, service.url)
  await orderRow(page, 'ORD-1').getByText('CUST-').waitFor()
  await page.getByRole('link', { name: 'ORD-1' }).click()
  await page.locator('#detail .facts a').waitFor()
  await page.getByText('Change status').waitFor()
  await send('POST', `${service.url}/api/operations/erasures`, { orderId: 'ORD-1' })
  await page.locator('#detail .facts').getByText('customer erased').waitFor()
  await orderRow(page, 'ORD-1').getByText('erased').waitFor()
  assert.equal(await page.getByText('CUST-').count(), 0)
  assert.equal(await page.getByText('Change status').isVisible(), false)
  assertQuiet()
})

test('rows hold still under the pointer, count what is new, and let it in when asked or left', async (t) => {
  const { service } = await setUp(t)
  const { page, assertQuiet } = await openConsole(t, browser, service.url)
  await createByOther(service, 'ORD-1')
  await orderRow(page, 'ORD-1').hover()
  const place = await orderRow(page, 'ORD-1').boundingBox()
  await createByOther(service, 'ORD-2')
  await createByOther(service, 'ORD-3')
  await page.getByRole('button', { name: '2 new orders' }).waitFor()
  await updateByOther(service, 'ORD-1', 'confirmed')
  await orderRow(page, 'ORD-1').getByText('confirmed').waitFor()
  assert.deepEqual(await orderRow(page, 'ORD-1').boundingBox(), place)
  assert.equal(await orderRow(page, 'ORD-2').count(), 0)
  await page.getByRole('button', { name: '2 new orders' }).click()
  await orderRow(page, 'ORD-3').waitFor()

  // The same for a reader who has the keyboard alone.
  await pointElsewhere(page)
  await page.getByRole('link', { name: 'ORD-1' }).focus()
  await createByOther(service, 'ORD-FOCUS')
  await page.getByRole('button', { name: '1 new order' }).waitFor()
  assert.equal(await orderRow(page, 'ORD-FOCUS').count(), 0)
  await pointElsewhere(page)
  await orderRow(page, 'ORD-FOCUS').waitFor()

  await page.getByRole('button', { name: 'Pause' }).click()
  await pointElsewhere(page)
  await createByOther(service, 'ORD-4')
  await page.getByRole('button', { name: '1 new order' }).waitFor()
  await page.reload()
  await orderRow(page, 'ORD-4').waitFor()
  await createByOther(service, 'ORD-5')
  await page.getByRole('button', { name: '1 new order' }).waitFor()
  await page.getByRole('button', { name: 'Paused' }).click()
  await pointElsewhere(page)
  await orderRow(page, 'ORD-5').waitFor()
  assertQuiet()
})

test('finds orders by id and by customer, by filters, and again by the address', async (t) => {
  const { service } = await setUp(t)
  const create = (orderId: string, customerId: string) =>
    send('POST', `${service.url}/api/create-order`, { orderId, customerId, numItems: 1 })
  await create('ORD-10', 'CUST-A')
  await create('ORD-11', 'CUST-B')
  await create('XY-1', 'CUST-A')
  await updateByOther(service, 'ORD-10', 'shipped')
  const { page, assertQuiet } = await openConsole(t, browser, service.url)
  const become = (wanted: readonly string[]) =>
    until(async () => {
      const shown = await page.locator('#order-rows a').allTextContents()
      return shown.toSorted().join() === wanted.join()
    }, `the list has ${wanted.join()}`)
  await become(['ORD-10', 'ORD-11', 'XY-1'])
  await page.keyboard.press('/')
  await page.keyboard.type('ORD-1')
  await become(['ORD-10', 'ORD-11'])
  await page.locator('#search').fill('CUST-A')
  await become(['ORD-10', 'XY-1'])
  await page.locator('#more-filters summary').click()
  await page.locator('#status').selectOption('shipped')
  await become(['ORD-10'])
  await page.reload()
  await become(['ORD-10'])
  // What comes live is asked for by the same filters.
  await updateByOther(service, 'XY-1', 'shipped')
  await become(['ORD-10', 'XY-1'])
  await page.getByRole('button', { name: 'Status: shipped' }).click()
  await page.locator('#more-filters summary').click()
  await page.locator('#from').fill('2999-12-31')
  await become([])
  await page.reload()
  await page.getByText('No order matches these filters').waitFor()
  await page.getByRole('button', { name: 'From: 2999-12-31' }).click()
  await become(['ORD-10', 'XY-1'])
  await page.locator('#search').fill('nothing like this')
  await page.getByText('No order matches these filters').waitFor()
  await page.getByRole('button', { name: 'Clear the filters' }).click()
  await become(['ORD-10', 'ORD-11', 'XY-1'])

  const shared = await page.context().newPage()
  await shared.goto(`${service.url}/console#search=ORD-1&order=XY-1`)
  await shared.locator('#detail h2').getByText('XY-1').waitFor()
  await orderRow(shared, 'ORD-11').waitFor()
  assert.equal(await orderRow(shared, 'XY-1').count(), 0)
  assertQuiet()
})

test('begins anew by itself when the service had no room for another reader', async (t) => {
  const { service } = await setUp(t, { MAX_STREAM_READERS: '1' })
  const { page: first } = await openConsole(t, browser, service.url)
  const second = await first.context().newPage()
  await second.goto(`${service.url}/console`)
  await stateOf(second, 'Reconnecting').waitFor()
  await second.getByText('No order here yet').waitFor()
  await createByOther(service, 'ORD-1')
  await first.close()
  await stateOf(second, 'All systems up').waitFor()
  await orderRow(second, 'ORD-1').waitFor()
  await updateByOther(service, 'ORD-1', 'shipped')
  await orderRow(second, 'ORD-1').getByText('shipped').waitFor()
})

test("puts the service's own sentences at the fields that they are about, until those change", async (t) => {
  const { service } = await setUp(t)
  const { page, assertQuiet } = await openConsole(t, browser, service.url)
  await page.getByRole('button', { name: 'New order' }).click()
  const orderId = page.getByLabel('Order id')
  await orderId.fill('   ')
  await page.getByLabel('Number of items').fill('three')
  await page.getByRole('button', { name: 'Create order' }).click()
  const sentence = 'Order id must be a string of 1 to 255 characters without control characters'
  await page.locator('#order-id-error').getByText(sentence).waitFor()
  await page
    .locator('#num-items-error')
    .getByText('Number of items must be an integer from 1 to 100, got "three"')
    .waitFor()
  assert.equal(await orderId.getAttribute('aria-invalid'), 'true')
  assert.equal(await orderId.getAttribute('aria-describedby'), 'order-id-error')
  assert.equal(await page.evaluate('document.activeElement.id'), 'order-id')

  await createByOther(service, 'ORD-1')
  await orderId.fill('ORD-1')
  assert.equal(await page.locator('#order-id-error').count(), 0)
  await page.getByLabel('Number of items').fill('3')
  assert.equal(await page.locator('.field-error').count(), 0)
  await page.getByRole('button', { name: 'Create order' }).click()
  await page.locator('#order-id-error').getByText("Order 'ORD-1' already exists").waitFor()
  assert.equal(await page.locator('#create-dialog').isVisible(), true)
  assertQuiet()
})

test('makes an order of own items and prices, and says what is wrong with each of them', async (t) => {
  const { service } = await setUp(t)
  const { page, assertQuiet } = await openConsole(t, browser, service.url)
  await page.getByRole('button', { name: 'New order' }).click()
  await page.getByLabel('Order id').fill('ORD-1')
  await page.getByLabel('Currency').fill('JPY')
  await page.getByLabel('Own items and prices').check()
  await page.getByLabel('Item of item 1').fill('TEA')
  await page.getByLabel('Price of item 1').fill('1.5')
  await page.getByRole('button', { name: 'Add an item' }).click()
  await page.getByLabel('Item of item 2').fill('CUP')
  await page.getByLabel('Quantity of item 2').fill('3')
  await page.getByLabel('Price of item 2').fill('700')
  await page.getByRole('button', { name: 'Create order' }).click()
  await page.getByText('Price of item 1 has 1 decimal; JPY has 0').waitFor()
  await page.getByLabel('Price of item 1').fill('400')
  await page.getByRole('button', { name: 'Create order' }).click()
  await page.getByText("Order 'ORD-1' created successfully").waitFor()
  await page.getByRole('link', { name: 'Open' }).click()
  const cells = page.locator('#detail .item-table tbody tr').nth(1).locator('td')
  await cells.getByText('2,100').waitFor()
  await page.locator('#detail tfoot').getByText('2,500').waitFor()
  assertQuiet()
})

test('asks before it cancels, and changes nothing that was changed meanwhile', async (t) => {
  const { service } = await setUp(t)
  const { page, assertQuiet } = await openConsole(t, browser, service.url)
  await createByOther(service, 'ORD-1')
  await page.getByRole('link', { name: 'ORD-1' }).click()
  const detail = page.locator('#detail')
  const cancel = async (answer: string) => {
    await detail.locator('.steps summary').click()
    await detail.getByRole('button', { name: 'Cancel order' }).click()
    await page.getByRole('button', { name: answer }).click()
  }
  await cancel('Keep the order')
  assert.equal(await detail.locator('.timeline > li').count(), 1)
  // Nothing of this page hears of the change before the next click.
  await page.context().setOffline(true)
  await updateByOther(service, 'ORD-1', 'shipped')
  await page.context().setOffline(false)
  await detail.getByRole('button', { name: 'Confirm order' }).click()
  await detail.getByRole('button', { name: 'Mark as delivered' }).waitFor()
  await cancel('Cancel the order')
  await orderRow(page, 'ORD-1').getByText('cancelled').waitFor()
  await detail.locator('.timeline > li').nth(2).waitFor()
  const { data } = (await (await fetch(`${service.url}/api/orders/ORD-1/events`)).json()) as {
    data: { status: string }[]
  }
  assert.deepEqual(
    data.map(({ status }) => status),
    ['pending', 'shipped', 'cancelled'],
  )
  assertQuiet()
})

test('an order that is not there is not offered to be changed', async (t) => {
  const { service } = await setUp(t)
  const { page } = await openConsole(t, browser, service.url)
  await page.goto(`${service.url}/console#order=NO-SUCH`)
  const detail = page.locator('#detail')
  await detail.getByText("Order 'NO-SUCH' does not exist").waitFor()
  assert.equal(await detail.locator('.steps button:visible').count(), 0)
})

test('shows any order id as the text that it is, and cuts nothing off on 360 pixels', async (t) => {
  const { service } = await setUp(t)
  const viewport = { width: 360, height: 740 }
  const { page, assertQuiet } = await openConsole(t, browser, service.url, { viewport })
  assert.equal(await sidewaysOverflow(page), 0)
  const ids = ['<img src=x onerror=alert(1)>', 'طلب-٤٢', 'L'.repeat(255), 'a%2Fb/../c?d#e']
  for (const orderId of ids) await createByOther(service, orderId)
  await page
    .locator('#order-rows tr')
    .nth(ids.length - 1)
    .waitFor()
  for (const orderId of ids) {
    const link = page.locator('#order-rows a').filter({ hasText: orderId })
    assert.equal(await sidewaysOverflow(page), 0)
    await link.click()
    const detail = page.locator('#detail')
    await detail.locator('.timeline summary').click()
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
  await pointElsewhere(page)
  await orderRow(page, ids.at(-1) ?? '').waitFor()
  const shown = () => page.locator('#order-rows a').allTextContents()
  const seen = new Set<string>()
  for (let pages = 0; pages < 8; pages += 1) {
    const rows = await shown()
    assert.ok(rows.length <= ROWS_MAX)
    for (const orderId of rows) seen.add(orderId)
    const last = rows.at(-1)
    if (last === 'ORD-1000') break
    await page.getByRole('button', { name: 'Older orders' }).click()
    await until(async () => (await shown()).at(-1) !== last, 'older orders are shown')
  }
  assert.deepEqual([...seen].toSorted(), ids)

  await createByOther(service, 'ORD-NEW')
  await page.getByRole('button', { name: '1 new order' }).click()
  await orderRow(page, 'ORD-NEW').waitFor()
  assertQuiet()
})
