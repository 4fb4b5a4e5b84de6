import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestServer } from '../api/harness.ts'
import { launchChromium } from './console-page.ts'

/** The head of the console in a real Chromium. */

const WAIT_MS_MAX = 60_000

test('a look at another view loses neither the filters nor the open order nor the pause', async (t) => {
  const { server } = await startTestServer(t)
  const origin = await server.listen({ host: 'localhost', port: 0 })
  const browser = await launchChromium()
  t.after(() => browser.close())
  const page = await browser.newPage()
  page.setDefaultTimeout(WAIT_MS_MAX)
  const left = `${origin}/console#status=shipped&order=ORD-1&paused=1`
  await page.goto(left)
  const link = (name: string) => page.locator('.site-header nav').getByRole('link', { name })
  const current = page.locator('.site-header nav [aria-current=page]')

  await link('Events').click()
  await current.getByText('Events').waitFor()
  await page.locator('#event-status').selectOption('pending')
  await page.waitForURL(`${origin}/console#view=events&status=pending`)
  await link('Orders').click()
  await current.getByText('Orders').waitFor()
  assert.equal(page.url(), left)
  assert.equal(await page.locator('#status').inputValue(), 'shipped')
  await link('Events').click()
  await page.waitForURL(`${origin}/console#view=events&status=pending`)

  // A second click on the view that is shown takes all away.
  await link('Events').click()
  await page.waitForURL(`${origin}/console#view=events`)
})
