import assert from 'node:assert/strict'
import { after, before, suite, test, type TestContext } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { findFreePort } from '../../dev-services/ports.ts'
import { createFakeCommands, SINCE, startTestServer, type TestServerDeps } from '../api/harness.ts'
import { knownCallers } from '../api/security/known-callers.ts'
import { newSigningKey, type SigningKey } from '../support/identity-provider.ts'
import { letInBy, startLoginProvider } from '../support/login-provider.ts'
import { until } from '../support/until.ts'
import { createOrder, launchChromium, sidewaysOverflow, stateOf } from './console-page.ts'

/** In a real Chromium, which has its own rules on which cookie goes where. */

const WAIT_MS_MAX = 60_000

/** In the page: all that a script can read. */
const READABLE = 'document.cookie + JSON.stringify(localStorage) + JSON.stringify(sessionStorage)'

async function startForKeys(t: TestContext, deps: TestServerDeps = {}) {
  const commands = createFakeCommands()
  const { server } = await startTestServer(t, { commands, callers: knownCallers, ...deps })
  return { commands, origin: await server.listen({ host: 'localhost', port: 0 }) }
}

async function logIn(page: Page, credential: string): Promise<void> {
  await page.getByLabel('API key or token').fill(credential)
  await page.getByRole('button', { name: 'Log in', exact: true }).click()
}

suite('logins', () => {
  let browser: Browser
  let key: SigningKey

  before(async () => {
    ;[browser, key] = await Promise.all([launchChromium(), newSigningKey('one')])
  })
  after(() => browser.close())

  async function openPage(t: TestContext, url: string): Promise<{ page: Page; urls: string[] }> {
    const context = await browser.newContext({ locale: 'en-GB' })
    t.after(() => context.close())
    context.setDefaultTimeout(WAIT_MS_MAX)
    const page = await context.newPage()
    const urls: string[] = []
    page.on('request', (request) => urls.push(request.url()))
    await page.goto(url)
    return { page, urls }
  }

  test('the console asks for a key, and does what the key may, with no script that could read it', async (t) => {
    const { commands, origin } = await startForKeys(t)
    const { page, urls } = await openPage(t, `${origin}/console`)
    assert.equal(page.url(), `${origin}/login?next=console`)
    await logIn(page, 'not-a-key')
    await page.getByRole('alert').waitFor()
    await logIn(page, 'backoffice')
    await page.waitForURL(`${origin}/console`)
    await createOrder(page, 'ORD-1')
    await until(() => commands.created.length === 1, 'the order is created')
    assert.equal(commands.created[0]?.principal, 'api_key:backoffice')
    assert.doesNotMatch(await page.evaluate<string>(READABLE), /backoffice|cart-session/)
    assert.deepEqual(
      urls.filter((url) => url.includes('backoffice')),
      [],
    )
    const [cookie] = await page.context().cookies()
    assert.deepEqual([cookie?.httpOnly, cookie?.sameSite], [true, 'Strict'])
  })

  test('/docs can authorize: what it tries is then done by the key that was given there', async (t) => {
    const { commands, origin } = await startForKeys(t)
    const { page } = await openPage(t, `${origin}/docs`)
    await logIn(page, 'reader')
    await page.waitForURL(`${origin}/docs`)
    await page.getByRole('button', { name: 'Authorize', exact: true }).click()
    await page.locator('.auth-container input').fill('writer')
    await page.locator('.auth-btn-wrapper .authorize').click()
    await page.locator('.auth-btn-wrapper .btn-done').click()
    await page.locator('.opblock-post .opblock-summary-control').first().click()
    await page.getByRole('button', { name: 'Execute' }).click()
    await page.getByText('Response body').first().waitFor()
    assert.equal(commands.created[0]?.principal, 'api_key:writer')
  })

  test('every page has a way out, after which it asks for a key again and leads back to itself', async (t) => {
    const { origin } = await startForKeys(t)
    const { page } = await openPage(t, `${origin}/console`)
    for (const path of ['console', 'docs', 'redoc', 'asyncapi']) {
      await page.goto(`${origin}/${path}`)
      assert.equal(page.url(), `${origin}/login?next=${path}`)
      await logIn(page, 'backoffice')
      await stateOf(page, 'Connected').waitFor()
      await page.getByRole('button', { name: 'Log out' }).click()
      await page.waitForURL(/\/login(?:\?|$)/u)
      const cookies = await page.context().cookies()
      assert.deepEqual(
        cookies.filter(({ httpOnly }) => httpOnly),
        [],
        path,
      )
    }
  })

  test('a session that has ended leads to the login, and from there back to the same page', async (t) => {
    const { origin } = await startForKeys(t)
    const { page } = await openPage(t, `${origin}/redoc`)
    await logIn(page, 'reader')
    await stateOf(page, 'Connected').waitFor()
    await page.context().clearCookies()
    await page.waitForURL(`${origin}/login?next=redoc`)
    await logIn(page, 'reader')
    await page.waitForURL(`${origin}/redoc`)
  })

  test('a login leads to the place that a shared address says, also after a wrong key', async (t) => {
    const { origin } = await startForKeys(t)
    const { page } = await openPage(t, `${origin}/console#status=shipped`)
    await logIn(page, 'not-a-key')
    await page.getByRole('alert').waitFor()
    await logIn(page, 'reader')
    await page.waitForURL(`${origin}/console#status=shipped`)
    await stateOf(page, 'Connected').waitFor()
    await page.context().clearCookies()
    await page.waitForURL(`${origin}/login?next=console#status=shipped`)
    await logIn(page, 'reader')
    await page.waitForURL(`${origin}/console#status=shipped`)
  })

  test('a log-out that the service has not answered is not taken for one', async (t) => {
    const { origin } = await startForKeys(t)
    const { page } = await openPage(t, `${origin}/console`)
    await logIn(page, 'backoffice')
    await stateOf(page, 'Connected').waitFor()
    await page.route('**/logout', (route) => route.abort())
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.getByRole('button', { name: 'Still logged in: log out again' }).waitFor()
    await page.unroute('**/logout')
    await page.getByRole('button', { name: 'Still logged in' }).click()
    await page.waitForURL(`${origin}/login`)
  })

  test('the pill names the identity provider, also on a narrow screen', async (t) => {
    const reason = 'it does not answer; its last keys are used'
    const identityProvider = { status: 'degraded', since: SINCE, reason } as const
    const { origin } = await startForKeys(t, { states: { identityProvider } })
    const { page } = await openPage(t, `${origin}/console`)
    await logIn(page, 'operator')
    for (const width of [1_280, 360]) {
      await page.setViewportSize({ width, height: 740 })
      await stateOf(page, 'Identity provider is degraded').click()
      await page.locator('#state-details').getByText('Identity provider degraded').waitFor()
      await page.getByRole('alert').getByText(`Identity provider is degraded since`).waitFor()
      const details = await page.locator('#state-details').boundingBox()
      assert.ok(details && details.x >= 0 && details.x + details.width <= width)
      assert.equal(await sidewaysOverflow(page), 0)
      const header = await page.locator('.site-header').boundingBox()
      assert.ok(header && header.height < 90, 'at most two lines')
      await page.keyboard.press('Escape')
    }
  })

  for (const asksFirst of [false, true]) {
    const how = asksFirst ? 'that asks first' : 'that knows the browser'
    test(`a login by an identity provider ${how} leads to the place that was wanted`, async (t) => {
      // By an address, and so another site to a browser than localhost is.
      const provider = await startLoginProvider(t, key)
      provider.claims = { scope: 'orders:read orders:write' }
      provider.asksFirst = asksFirst
      const port = await findFreePort()
      const origin = `http://localhost:${port}`
      const commands = createFakeCommands()
      const { server } = await startTestServer(t, {
        commands,
        ...letInBy(provider, key, 'orders:read orders:write'),
        settings: { publicUrl: origin },
      })
      await server.listen({ host: 'localhost', port })
      const { page } = await openPage(t, `${origin}/console#status=pending`)
      await page.getByRole('link', { name: 'Log in by the identity provider' }).click()
      if (asksFirst) await page.getByRole('button', { name: 'Yes, it is me' }).click()
      await page.waitForURL(`${origin}/console#status=pending`)
      await createOrder(page, 'ORD-1')
      await until(() => commands.created.length === 1, 'the order is created')
      assert.equal(commands.created[0]?.principal, 'user:anna')
    })
  }
})
