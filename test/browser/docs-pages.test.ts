import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { chromium, type Page } from 'playwright-core'
import { startTestServer } from '../api/harness.ts'

/** In a real Chromium: both pages show the operations and reach nobody but the service. */

const CHROMIUM = '/usr/bin/chromium'

const QUIET = [
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]

async function openPage(t: TestContext, path: string): Promise<{ page: Page; outside: string[] }> {
  const { server } = await startTestServer(t)
  const origin = await server.listen({ host: '127.0.0.1', port: 0 })
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: QUIET })
  t.after(() => browser.close())
  const page = await browser.newPage()
  const outside: string[] = []
  page.on('requestfinished', (request) => {
    const url = request.url()
    if (!url.startsWith(origin) && !/^(?:data|blob):/u.test(url)) outside.push(url)
  })
  await page.goto(`${origin}${path}`)
  return { page, outside }
}

for (const [path, text] of [
  ['/docs', 'Create an order'],
  ['/redoc', 'Create orders and change their status'],
] as const) {
  test(`${path} shows the operations and reaches nobody but the service`, async (t) => {
    const { page, outside } = await openPage(t, path)
    await page.getByText(text).first().waitFor()
    await page.waitForLoadState('networkidle')
    assert.deepEqual(outside, [])
  })
}
