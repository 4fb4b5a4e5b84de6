import { randomUUID } from 'node:crypto'
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { infrastructure } from '../support/infrastructure.ts'
import { startTestBroker } from '../support/kafka-broker.ts'
import { freshSettings, startOwnService } from '../support/own-service.ts'
import { readTopic } from '../support/read-topic.ts'
import { startService } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'
import {
  createByOther,
  createOrder,
  launchChromium,
  openConsole,
  orderRow,
  pointElsewhere,
  stateOf,
} from './console-page.ts'

/** What a reader of the console sees, and can do, while something is away. */

let browser: Browser

before(async () => {
  browser = await launchChromium()
})

after(() => browser.close())

test('shows that the service is away, and goes on by itself without a gap when it is back', async (t) => {
  const settings = freshSettings(`sqlite:${await temporaryFolder(t)}/cart.db`)
  let service = await startService(settings)
  t.after(() => service.end('SIGKILL'))
  const { page, assertQuiet } = await openConsole(t, browser, service.url)
  await createByOther(service.url, 'ORD-1')
  await orderRow(page, 'ORD-1').waitFor()
  // A reload would lose it.
  await page.evaluate('window.wasHereBefore = true')

  await service.end('SIGKILL')
  await page.getByRole('alert').getByText('The service does not answer since').waitFor()
  await createOrder(page, 'ORD-2')
  await page.getByText('ORD-2: it may have happened: no answer came. Finding out').waitFor()

  service = await startService({ ...settings, API_PORT: new URL(service.url).port })
  // Before the page can have connected again, perhaps: it is to miss nothing.
  await createByOther(service.url, 'ORD-3')
  await stateOf(page, 'All systems up').waitFor()
  await page.getByRole('alert').waitFor({ state: 'hidden' })
  await orderRow(page, 'ORD-3').waitFor()
  // By its key, without anybody's doing.
  await page.getByText("Order 'ORD-2' created successfully").waitFor()
  await orderRow(page, 'ORD-2').waitFor()
  const shown = await page.locator('#order-rows a').allTextContents()
  assert.deepEqual(shown.toSorted(), ['ORD-1', 'ORD-2', 'ORD-3'])
  assert.equal(await page.evaluate('window.wasHereBefore'), true)
  assertQuiet()
})

test('reads by itself what it could not read during an outage', async (t) => {
  const service = await startOwnService(
    t,
    freshSettings(`sqlite:${await temporaryFolder(t)}/cart.db`),
  )
  const { page, assertQuiet } = await openConsole(t, browser, service.url)
  for (const orderId of ['ORD-1', 'ORD-2']) {
    await createOrder(page, orderId)
    await orderRow(page, orderId).waitFor()
  }
  // The stream stays: nothing but the answers themselves can say that the outage is over.
  const reads = /\/api\/orders(?:\?|\/ORD-1)/u
  await page.route(reads, (route) => route.abort())
  await orderRow(page, 'ORD-1').getByRole('link').click()
  const detail = page.locator('#detail')
  await detail.getByText('The service does not answer.').waitFor()
  await page.locator('#search').fill('ORD-2')
  await page.locator('#list-note').getByText('The service does not answer.').waitFor()

  await page.unroute(reads)
  await detail.locator('.timeline > li').waitFor()
  await detail.getByRole('button', { name: 'Confirm order' }).waitFor()
  await orderRow(page, 'ORD-1').waitFor({ state: 'detached' })
  await orderRow(page, 'ORD-2').waitFor()
  assert.equal(await page.getByText('The service does not answer.').count(), 0)
  assertQuiet()
})

test('leaves rows that are held where they are when a new stream begins, and offers to read', async (t) => {
  const settings = freshSettings(`sqlite:${await temporaryFolder(t)}/cart.db`)
  let service = await startService(settings)
  t.after(() => service.end('SIGKILL'))
  const { page, assertQuiet } = await openConsole(t, browser, service.url)
  await createByOther(service.url, 'ORD-1')
  await orderRow(page, 'ORD-1').waitFor()
  await page.getByRole('button', { name: 'Pause' }).click()
  await pointElsewhere(page)

  const stream = /\/api\/events\/stream/u
  let refusedCount = 0
  await page.route(stream, (route) => {
    refusedCount += 1
    return route.fulfill({ status: 503 })
  })
  await service.end('SIGKILL')
  // The second one is asked for by a stream that begins anew.
  await until(() => refusedCount > 1, 'the page has begun a new stream')
  service = await startService({ ...settings, API_PORT: new URL(service.url).port })
  await createByOther(service.url, 'ORD-MISSED')
  await page.unroute(stream)
  await page
    .getByRole('button', { name: 'Newest orders' })
    .and(page.locator(':not(.is-away)'))
    .waitFor()
  await createByOther(service.url, 'ORD-LIVE')
  const more = page.getByRole('button', { name: '1+ new orders' })
  await more.waitFor()
  assert.deepEqual(await page.locator('#order-rows a').allTextContents(), ['ORD-1'])
  await more.click()
  await orderRow(page, 'ORD-MISSED').waitFor()
  await orderRow(page, 'ORD-LIVE').waitFor()
  assertQuiet()
})

test('shows an outage of Kafka, says what became of each change, and finds out by itself', async (t) => {
  const broker = await startTestBroker()
  t.after(() => broker.close())
  const topic = `orders-${randomUUID()}`
  const service = await startService({
    KAFKA_BOOTSTRAP_SERVERS: broker.bootstrapServers,
    SCHEMA_REGISTRY_URL: infrastructure().schemaRegistryUrl,
    KAFKA_TOPIC: topic,
    KAFKA_TOPIC_PARTITIONS: '1',
    PUBLISH_TIMEOUT_MS: '1000',
    DATABASE_URL: `sqlite:${await temporaryFolder(t)}/cart.db`,
  })
  t.after(() => service.end('SIGKILL'))
  const { page, assertQuiet } = await openConsole(t, browser, service.url)
  await createOrder(page, 'ORD-1')
  await page.getByText("Order 'ORD-1' created successfully").waitFor()
  await page.getByRole('link', { name: 'ORD-1' }).click()
  const detail = page.locator('#detail')
  await detail.getByRole('button', { name: 'Confirm order' }).waitFor()

  broker.pause()
  await createOrder(page, 'ORD-2')
  await page.getByText('ORD-2: it may have happened:').waitFor()
  await page.getByRole('alert').getByText('Kafka is down since').waitFor()
  const health = (await (await fetch(`${service.url}/health`)).json()) as {
    checks: { kafka: { reason: string } }
  }
  await page.getByRole('alert').getByText(health.checks.kafka.reason).waitFor()
  await stateOf(page, 'Kafka is down').click()
  await page.locator('#state-details').getByText('Kafka down').waitFor()
  await page.locator('#state-details').getByText('Pending events 1').waitFor()
  // It lies over the order that is open.
  await page.keyboard.press('Escape')
  assert.equal(await orderRow(page, 'ORD-2').count(), 0)
  // Another one is refused at once: it is not sent after the one in doubt.
  await detail.getByRole('button', { name: 'Confirm order' }).click()
  await page.getByText('Nothing happened:').waitFor()

  broker.resume()
  await page.getByRole('alert').waitFor({ state: 'hidden' })
  // Without the key of the first request this would be told that the order exists.
  await page.getByText("Order 'ORD-2' created successfully").waitFor()
  assert.equal(await page.getByText('it may have happened').count(), 0)
  await orderRow(page, 'ORD-2').getByText('pending').waitFor()
  await page.getByRole('button', { name: 'Send again' }).click()
  await page.getByText("Order 'ORD-1' updated successfully").waitFor()
  await orderRow(page, 'ORD-1').getByText('confirmed').waitFor()
  const records = await readTopic(broker.bootstrapServers, topic)
  assert.deepEqual(
    records.map(({ key, headers }) => [key, headers['ce_sequence']]),
    [
      ['ORD-1', '0000000001'],
      ['ORD-2', '0000000001'],
      ['ORD-1', '0000000002'],
    ],
  )
  assertQuiet()
})
