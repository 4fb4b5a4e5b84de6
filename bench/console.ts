import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { chromium, type Page } from 'playwright-core'
import { globalSetup, globalTeardown } from '../test/support/global-setup.ts'
import { infrastructure } from '../test/support/infrastructure.ts'
import { startService } from '../test/support/service-process.ts'

/**
 * How the console feels on a busy service: frames a second and the time from a click to the next frame,
 * while so many changes a second are made. The whole service (real Kafka and registry, SQLite on disk),
 * the changes and the browser share one machine.
 */

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '300' },
    seconds: { type: 'string', default: '10' },
  },
})

const CHROMIUM = '/usr/bin/chromium'
const BURSTS_A_SECOND = 20
/** Of all changes; the others are new orders. */
const STATUS_CHANGES = 0.6
/** Orders that are changed: those that the list shows. */
const RECENT_MAX = 60
const CLICKS = 20

/** In the page: the times of all frames, and of each click how long the next frame was away. */
const MEASURE = `
  window.frames_ = []
  window.clicks_ = []
  const note = (time) => { window.frames_.push(time); requestAnimationFrame(note) }
  requestAnimationFrame(note)
  addEventListener('click', ({ timeStamp }) => {
    requestAnimationFrame(() => setTimeout(() => window.clicks_.push(performance.now() - timeStamp)))
  }, true)
`

async function send(method: 'POST' | 'PUT', url: string, body: object): Promise<boolean> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url, { method, headers, body: JSON.stringify(body) })
  await response.arrayBuffer()
  return response.ok
}

/** The returned function ends it. */
function makeChanges(serviceUrl: string, rate: number): () => void {
  const recent: string[] = []
  let count = 0
  async function change(): Promise<void> {
    const known = recent[Math.floor(Math.random() * recent.length)]
    if (known !== undefined && Math.random() < STATUS_CHANGES) {
      const status = ['confirmed', 'shipped', 'delivered'][count % 3]
      await send('PUT', `${serviceUrl}/api/update-order`, { orderId: known, status })
      return
    }
    const orderId = `BENCH-${process.pid}-${(count += 1)}`
    if (!(await send('POST', `${serviceUrl}/api/create-order`, { orderId, numItems: 2 }))) return
    recent.push(orderId)
    if (recent.length > RECENT_MAX) recent.shift()
  }
  const timer = setInterval(() => {
    for (let index = 0; index < rate / BURSTS_A_SECOND; index += 1) change().catch(() => undefined)
  }, 1_000 / BURSTS_A_SECOND)
  return () => clearInterval(timer)
}

async function readFrames(page: Page, seconds: number): Promise<string> {
  await page.evaluate('window.frames_.length = 0')
  await page.waitForTimeout(seconds * 1_000)
  const times = await page.evaluate<number[]>('window.frames_')
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? time))
  const passedMs = (times.at(-1) ?? 0) - (times[0] ?? 0)
  const rate = ((gaps.length * 1_000) / Math.max(passedMs, 1)).toFixed(1)
  const shown = await page.locator('#rate').textContent()
  return `${rate} frames a second, the longest ${Math.max(...gaps).toFixed(0)} ms, at ${shown} changes`
}

async function clickRows(page: Page): Promise<string> {
  for (let click = 0; click < CLICKS; click += 1) {
    const row = page.locator('#order-rows tr').nth(3 + (click % 10))
    await row.locator('a').click()
    await page.waitForTimeout(200)
  }
  const tookMs = (await page.evaluate<number[]>('window.clicks_')).toSorted((a, b) => a - b)
  const at = (share: number): string =>
    (tookMs[Math.min(tookMs.length - 1, Math.floor(tookMs.length * share))] ?? 0).toFixed(0)
  return `${CLICKS} clicks: half within ${at(0.5)} ms, 9 of 10 within ${at(0.9)} ms, all within ${at(1)} ms`
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

async function measure(serviceUrl: string): Promise<void> {
  const seconds = Number(values.seconds)
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
  const stop = makeChanges(serviceUrl, Number(values.rate))
  try {
    const page = await browser.newPage()
    await page.goto(`${serviceUrl}/console`)
    await page.locator('#order-rows tr').nth(20).waitFor({ timeout: 60_000 })
    await page.evaluate(MEASURE)
    await page.mouse.move(5, 5)
    print(`rows flow:   ${await readFrames(page, seconds)}`)
    await page.locator('#order-rows tr').nth(6).hover()
    print(`rows held:   ${await readFrames(page, seconds)}`)
    print(`clicks:      ${await clickRows(page)}`)
    print(`order open:  ${await readFrames(page, seconds)}`)
  } finally {
    stop()
    await browser.close()
  }
}

await globalSetup()
const folder = await mkdtemp(join(tmpdir(), 'bench-console-'))
try {
  const { kafkaBootstrapServers, schemaRegistryUrl } = infrastructure()
  const service = await startService({
    KAFKA_BOOTSTRAP_SERVERS: kafkaBootstrapServers,
    SCHEMA_REGISTRY_URL: schemaRegistryUrl,
    KAFKA_TOPIC: `orders-${randomUUID()}`,
    DATABASE_URL: `sqlite:${folder}/cart.db`,
  })
  try {
    await measure(service.url)
  } finally {
    await service.end('SIGTERM')
  }
} finally {
  await rm(folder, { recursive: true })
  await globalTeardown()
}
