import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'
import { Client } from 'pg'
import type { Finding } from '../../src/cli/doctor/judges/finding.ts'
import { runCart } from '../support/cart-command.ts'
import { postgresUrl } from '../support/infrastructure.ts'
import { allowOnly, WITH_AUTHORIZER } from '../support/kafka-acls.ts'
import { startTestBroker, type TestBroker } from '../support/kafka-broker.ts'
import { freshSettings, startOwnService, type Settings } from '../support/own-service.ts'
import { createTestSchema } from '../support/postgres-schema.ts'
import { spawnService, startService, type ServiceProcess } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { setTopicSetting } from '../support/topic-setting.ts'
import { until } from '../support/until.ts'

/** The one action that a page of docs/runbooks ends in: it ends what its alert is about. */

const FAILPOINTS = new URL('../support/failpoints.ts', import.meta.url).href

let broker: TestBroker

before(async () => {
  broker = await startTestBroker({ properties: WITH_AUTHORIZER })
})

after(() => broker.close())

async function ownSettings(t: TestContext) {
  return {
    ...freshSettings(`sqlite:${await temporaryFolder(t)}/cart.db`),
    KAFKA_BOOTSTRAP_SERVERS: broker.bootstrapServers,
    KAFKA_TOPIC_PARTITIONS: '1',
  }
}

function create({ url }: ServiceProcess, orderId: string, numItems = 1): Promise<Response> {
  return fetch(`${url}/api/create-order`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ orderId, numItems }),
  })
}

async function statusOf({ url }: ServiceProcess, orderId: string): Promise<number> {
  return (await fetch(`${url}/api/orders/${orderId}`)).status
}

/** It hears of the lanes a moment later than a scrape. */
async function untilHealthSays({ url }: ServiceProcess, words: RegExp): Promise<void> {
  let text = ''
  await until(
    async () => {
      text = await (await fetch(`${url}/health`)).text()
      return words.test(text)
    },
    () => `health says ${words}: ${text}`,
  )
}

/** Waits until a scrape has all of these lines. */
async function untilScraped(
  { url, output }: ServiceProcess,
  expected: readonly RegExp[],
): Promise<void> {
  let text = ''
  await until(
    async () => {
      text = await (await fetch(`${url}/metrics`)).text()
      return expected.every((line) => line.test(text))
    },
    () => `${expected.filter((line) => !line.test(text)).join()}; it wrote:\n${output()}`,
  )
}

/** A service dies with an event that it has stored, and not sent. */
async function leavePending(
  t: TestContext,
  settings: Settings,
  orderId: string,
  numItems = 1,
): Promise<void> {
  const service = await startService(
    { ...settings, CART_FAILPOINT: 'after reserve 1' },
    { imports: [FAILPOINTS] },
  )
  t.after(() => service.end('SIGKILL'))
  await assert.rejects(create(service, orderId, numItems))
  assert.equal((await service.exited).signal, 'SIGKILL')
}

/** Without waiting: it does not get ready. */
async function startBlocked(t: TestContext, settings: Settings): Promise<ServiceProcess> {
  const service = await spawnService(settings)
  t.after(() => service.end('SIGKILL'))
  return service
}

test('CartPendingOld, CartPartitionBlocked, CartDependencyDown: the right that cart doctor names', async (t) => {
  const settings = await ownSettings(t)
  const { KAFKA_BOOTSTRAP_SERVERS: servers, KAFKA_TOPIC: topic } = settings
  await leavePending(t, settings, 'ORD-1')
  await allowOnly(servers, topic, ['READ'])
  const service = await startBlocked(t, settings)
  await untilScraped(service, [
    /^cart_pending_events 1$/mu,
    /^cart_pending_oldest_age_seconds (?!0$)/mu,
    /^cart_lanes\{state="(?!open)\w+"\} 1$/mu,
    /^cart_dependency_up\{dependency="kafka"\} 0$/mu,
    // It reads the topic, and cannot send.
    /^cart_topic_looks_total\{cause="taken-over"\} [1-9]/mu,
    /^cart_recovered_events_total\{how="published"\} 0$/mu,
  ])
  await untilHealthSays(service, /partition 0 takes no events: [^"]*AUTHORIZATION/u)
  const { stdout } = await runCart(['doctor', '--json'], {
    ...settings,
    API_PORT: new URL(service.url).port,
  })
  const { findings } = JSON.parse(stdout) as { findings: readonly Finding[] }
  const rights = findings.find(({ check }) => check === 'rights')
  assert.equal(rights?.verdict, 'problem', stdout)
  assert.match('command' in rights ? rights.command : '', /--operation Write --topic/u)

  await allowOnly(servers, topic, ['WRITE'])
  await untilScraped(service, [
    /^cart_pending_events 0$/mu,
    /^cart_lanes\{state="open"\} 1$/mu,
    /^cart_dependency_up\{dependency="kafka"\} 1$/mu,
    /^cart_recovered_events_total\{how="published"\} 1$/mu,
  ])
  assert.equal(await statusOf(service, 'ORD-1'), 200)
})

test('CartEventParked: the number of bytes that cart audit names', async (t) => {
  const settings = await ownSettings(t)
  const { KAFKA_BOOTSTRAP_SERVERS: servers, KAFKA_TOPIC: topic } = settings
  await leavePending(t, settings, 'LARGE', 100)
  await setTopicSetting(servers, topic, 'max.message.bytes', '2500')
  const service = await startBlocked(t, settings)
  await untilScraped(service, [/^cart_parked_events 1$/mu])
  await untilHealthSays(service, /order 'LARGE' \(MESSAGE_TOO_LARGE\)/u)
  await until(async () => (await create(service, 'SMALL')).status === 201, 'others get through')

  const { stdout } = await runCart(['audit'], settings)
  const [, bytes] = /max\.message\.bytes, which is 2500, to (\d+);/u.exec(stdout) ?? []
  assert.ok(bytes !== undefined, stdout)
  await setTopicSetting(servers, topic, 'max.message.bytes', bytes)
  await untilScraped(service, [/^cart_parked_events 0$/mu, /^cart_pending_events 0$/mu])
  assert.equal(await statusOf(service, 'LARGE'), 200)
})

test('CartLeaseNotHeld: what made the database slow is ended', async (t) => {
  const schema = await createTestSchema()
  t.after(() => schema.drop())
  // The store's time-outs are a part of it: a shorter one would fail the start on a busy machine.
  const settings = { ...freshSettings(schema.url()), INSTANCE_LEASE_MS: '6000' }
  const service = await startOwnService(t, settings)
  const busy = new Client({ connectionString: postgresUrl() })
  await busy.connect()
  try {
    await busy.query(`BEGIN; LOCK TABLE ${schema.name}.instances IN ACCESS EXCLUSIVE MODE`)
    await untilScraped(service, [/^cart_lease_held 0$/mu])
    const refused = await create(service, 'ORD-1')
    const { code, outcome } = (await refused.json()) as { code: string; outcome: string }
    assert.deepEqual([refused.status, code, outcome], [503, 'STORE_UNAVAILABLE', 'not-applied'])
  } finally {
    await busy.end()
  }
  await untilScraped(service, [/^cart_lease_held 1$/mu])
  await until(async () => (await create(service, 'ORD-1')).status === 201, 'changes succeed')
})
