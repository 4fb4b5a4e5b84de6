import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { after, before, suite, test, type TestContext } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { startOrderLoad } from '../fault/harness/order-load.ts'
import { runCart } from '../support/cart-command.ts'
import { CLIENT_ID, CLIENT_SECRET } from '../support/token-issuer.ts'
import { FakeRegistry } from '../support/fake-registry.ts'
import { setScramPassword } from '../support/scram-password.ts'
import {
  PASSWORD,
  startSecuredBroker,
  USER,
  type SecuredBroker,
} from '../support/secured-broker.ts'
import { assertNoSecret } from '../support/secrets.ts'
import { spawnService, startService, type ServiceProcess } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'
import { create, watchRefusals } from '../support/watch-refusals.ts'

/** The whole service on a Kafka that protects itself. Its sessions end after six seconds. */

const SESSION_MS = 6_000

/** How many sessions the load outlives; `CART_SESSIONS=10` for the long run. */
const SESSIONS = Number(process.env['CART_SESSIONS'] ?? 2)

/** What it says of itself and its surroundings. */
const PAGES = ['/', '/health', '/health/ready', '/openapi.json', '/asyncapi.json', '/asyncapi']

const FAILPOINTS = new URL('../support/failpoints.ts', import.meta.url).href

suite('the service on a broker that protects itself', () => {
  let broker: SecuredBroker
  let registry: FakeRegistry

  before(async () => {
    broker = await startSecuredBroker({ sessionMsMax: SESSION_MS })
    registry = await FakeRegistry.start()
  })
  after(async () => {
    await registry[Symbol.asyncDispose]()
    await broker.close()
  })

  type Settings = Readonly<Record<string, string>>

  async function settingsFor(t: TestContext, access: Settings): Promise<Settings> {
    return {
      SCHEMA_REGISTRY_URL: registry.url,
      KAFKA_TOPIC: `orders-${randomUUID()}`,
      DATABASE_URL: `sqlite:${await temporaryFolder(t)}/cart.db`,
      ...access,
    }
  }

  async function started(
    t: TestContext,
    settings: Settings,
    ...more: object[]
  ): Promise<ServiceProcess> {
    const service = await startService(settings, ...more)
    t.after(() => service.end('SIGKILL'))
    return service
  }

  const saslTls = (mechanism: string, username = USER): Settings => ({
    KAFKA_BOOTSTRAP_SERVERS: broker.saslTls,
    KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
    KAFKA_SSL_CA_LOCATION: broker.authority.caFile,
    KAFKA_SASL_MECHANISM: mechanism,
    KAFKA_SASL_USERNAME: username,
    KAFKA_SASL_PASSWORD: PASSWORD,
  })

  /** By SCRAM-SHA-512, with a password of its own that a test may change. */
  async function settingsForUser(t: TestContext, user: string, password: string) {
    const passwordFile = join(broker.folder, `${user}-password`)
    await writeFile(passwordFile, password)
    const setPassword = (text: string): Promise<void> =>
      setScramPassword(broker.plain.bootstrapServers, user, text)
    await setPassword(PASSWORD)
    const { KAFKA_SASL_PASSWORD: _, ...access } = saslTls('SCRAM-SHA-512', user)
    const settings = await settingsFor(t, { ...access, KAFKA_SASL_PASSWORD_FILE: passwordFile })
    return { settings, passwordFile, setPassword }
  }

  const WAYS: Readonly<Record<string, () => Settings>> = {
    'mutual TLS': () => ({
      KAFKA_BOOTSTRAP_SERVERS: broker.mutualTls,
      KAFKA_SECURITY_PROTOCOL: 'SSL',
      KAFKA_SSL_CA_LOCATION: broker.authority.caFile,
      KAFKA_SSL_CERTIFICATE_LOCATION: broker.client.certificateFile,
      KAFKA_SSL_KEY_LOCATION: broker.client.keyFile,
    }),
    PLAIN: () => saslTls('PLAIN'),
    'SCRAM-SHA-256': () => saslTls('SCRAM-SHA-256'),
    'SCRAM-SHA-512': () => saslTls('SCRAM-SHA-512'),
    OAUTHBEARER: () => ({
      KAFKA_BOOTSTRAP_SERVERS: broker.saslTls,
      KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
      KAFKA_SSL_CA_LOCATION: broker.authority.caFile,
      KAFKA_SASL_MECHANISM: 'OAUTHBEARER',
      KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL: broker.tokenIssuer.tokenUrl,
      KAFKA_SASL_OAUTHBEARER_CLIENT_ID: CLIENT_ID,
      KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET: CLIENT_SECRET,
    }),
  }
  for (const [name, access] of Object.entries(WAYS)) {
    test(`creates, recovers after SIGKILL, updates, tails and audits by ${name}`, async (t) => {
      // Ready means that some partition takes events: here there is no other one.
      const settings = await settingsFor(t, { ...access(), KAFKA_TOPIC_PARTITIONS: '1' })
      const dying = await started(
        t,
        { ...settings, CART_FAILPOINT: 'after send 2' },
        { imports: [FAILPOINTS] },
      )
      const created = await create(dying, 'A')
      assert.equal(created.status, 201, `${await created.text()}\n${dying.output()}`)
      await assert.rejects(create(dying, 'B'))
      await dying.exited

      const service = await started(t, settings)
      await until(async () => (await statusOf(service, 'B')) === 200, 'B is recovered')
      assert.equal((await change(service, 'A')).status, 200)
      const [audit, tail] = await Promise.all([
        runCart(['audit', '--json'], settings),
        runCart(['listen', '--from-beginning', '--exit-at-end', '--json'], settings),
      ])
      assert.equal(audit.code, 0, audit.stdout + audit.stderr)
      const keys = tail.stdout
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { key: string }).key)
      assert.deepEqual(keys.toSorted(), ['A', 'A', 'B'])
      for (const path of PAGES) {
        assertNoSecret(await (await fetch(service.url + path)).text(), settings)
      }
    })
  }

  // Each waits for the ends of sessions, has a user of its own, and takes little of a processor.
  suite('whose sessions end', { concurrency: 3 }, () => {
    test(`sessions that end and a password that is replaced fail no request under load`, async (t) => {
      const { settings, passwordFile, setPassword } = await settingsForUser(t, 'rotated', PASSWORD)
      const service = await started(t, settings)
      const load = startOrderLoad({ urls: [service.url], workers: 8, pauseMs: 20 })
      t.after(() => load.stop())
      await setTimeout(SESSION_MS)
      await setPassword('another one')
      await writeFile(passwordFile, 'another one\n')
      await setTimeout((SESSIONS - 1) * SESSION_MS)
      await load.stop()
      const { entries, confirmedCount } = load.journal
      const failed = entries.filter(({ status }) => status === 0 || status >= 500)
      assert.deepEqual(failed, [], `${failed.length} of ${entries.length} failed`)
      assert.ok(confirmedCount > 100, `${confirmedCount} confirmed`)
      const audit = await runCart(['audit'], settings)
      assert.equal(audit.code, 0, audit.stdout + audit.stderr)
      t.diagnostic(`${confirmedCount} changes over ${SESSIONS} sessions`)
    })

    test('a wrong or withdrawn password is told by health, and the right one needs no restart', async (t) => {
      const { settings, passwordFile, setPassword } = await settingsForUser(t, 'clerk', 'mistyped')
      const service = await spawnService(settings)
      t.after(() => service.end('SIGKILL'))
      const sentence = "the broker refuses the user 'clerk' or its password"
      const { createNext, assertRefused, assertTaken } = watchRefusals(service, sentence)
      await assertRefused()
      await writeFile(passwordFile, PASSWORD)
      await assertTaken()
      await setPassword('withdrawn')
      assert.equal((await createNext()).status, 201, 'the session that is open goes on')
      await assertRefused()
      await setPassword(PASSWORD)
      await assertTaken()
    })

    test('an identity provider that fails is told by health, and nothing is lost or waits for a restart', async (t) => {
      const { tokenIssuer } = broker
      const { lifetimeS } = tokenIssuer
      t.after(() => Object.assign(tokenIssuer, { failure: undefined, lifetimeS }))
      // Shorter than a session: who has the last token needs the next one at once.
      Object.assign(tokenIssuer, { failure: 'down', lifetimeS: SESSION_MS / 1_000 })
      const settings = await settingsFor(t, WAYS['OAUTHBEARER']?.() ?? {})
      const service = await spawnService(settings)
      t.after(() => service.end('SIGKILL'))
      const sentence = `the token endpoint ${tokenIssuer.tokenUrl} `
      const { assertRefused, assertTaken } = watchRefusals(service, sentence)
      await assertRefused()
      tokenIssuer.failure = undefined
      await assertTaken()
      tokenIssuer.failure = 'garbage'
      await assertRefused()
      tokenIssuer.failure = undefined
      await assertTaken()
      const audit = await runCart(['audit'], settings)
      assert.equal(audit.code, 0, audit.stdout + audit.stderr)
    })
  })

  test('a certificate that is replaced fails no request under load', async (t) => {
    const second = await broker.authority.issue('cart-2')
    const certificateFile = join(broker.folder, 'load.pem')
    const keyFile = join(broker.folder, 'load.key')
    await copyFile(broker.client.certificateFile, certificateFile)
    await copyFile(broker.client.keyFile, keyFile)
    const settings = await settingsFor(t, {
      ...WAYS['mutual TLS']?.(),
      KAFKA_SSL_CERTIFICATE_LOCATION: certificateFile,
      KAFKA_SSL_KEY_LOCATION: keyFile,
    })
    const service = await started(t, settings)
    const load = startOrderLoad({ urls: [service.url], workers: 8, pauseMs: 20 })
    t.after(() => load.stop())
    const confirmMore = async (): Promise<void> => {
      const wanted = load.journal.confirmedCount + 100
      await until(() => load.journal.confirmedCount >= wanted, 'the load runs well')
    }
    await confirmMore()
    await copyFile(second.certificateFile, certificateFile)
    await confirmMore()
    await copyFile(second.keyFile, keyFile)
    // A file is looked at each second.
    await setTimeout(2_500)
    await confirmMore()
    await load.stop()
    const failed = load.journal.entries.filter(({ status }) => status === 0 || status >= 500)
    assert.deepEqual(failed, [])
  })

  test('doctor says until when a certificate is valid, and which credential is wrong', async (t) => {
    const soon = await broker.authority.issue('soon', { days: 3 })
    const way = WAYS['mutual TLS']?.() ?? {}
    const settings = await settingsFor(t, {
      ...way,
      KAFKA_SSL_CERTIFICATE_LOCATION: soon.certificateFile,
      KAFKA_SSL_KEY_LOCATION: soon.keyFile,
    })
    const [ending, refused] = await Promise.all([
      runCart(['doctor'], settings),
      runCart(['doctor'], {
        ...settings,
        ...saslTls('PLAIN'),
        KAFKA_SASL_PASSWORD: 'mistyped',
        KAFKA_SSL_CERTIFICATE_LOCATION: '',
        KAFKA_SSL_KEY_LOCATION: '',
      }),
    ])
    assert.match(
      ending.stdout,
      /warning +kafka tls +CN=soon of KAFKA_SSL_CERTIFICATE_LOCATION ends /,
    )
    assert.match(ending.stdout, /ok +kafka +answers by TLS with a certificate; 1 broker/)
    assert.match(ending.stdout, /the certificate of localhost:\d+ is valid until \d{4}-/)
    assert.match(
      refused.stdout,
      /problem +kafka +.*the broker refuses the user 'cart' or its password/,
    )
  })
})

function change({ url }: ServiceProcess, orderId: string): Promise<Response> {
  return fetch(`${url}/api/update-order`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ orderId, status: 'shipped' }),
  })
}

async function statusOf({ url }: ServiceProcess, orderId: string): Promise<number> {
  return (await fetch(`${url}/api/orders/${orderId}`)).status
}
