import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { suite, test, type TestContext } from 'node:test'
import { Client } from 'pg'
import { findFreePort } from '../../dev-services/ports.ts'
import type { OrderId } from '../../src/models/order.ts'
import { findSilentPartitions } from '../../src/service/kafka/client-checks.ts'
import {
  encodeAvroKey,
  encodeKey,
  keySchemaText,
  orderSchemaText,
} from '../../src/service/schema-registry/order-codec.ts'
import { openSqliteStore } from '../../src/service/storage/sqlite/store.ts'
import type { Finding } from '../../src/cli/doctor/judges/finding.ts'
import { runCart } from '../support/cart-command.ts'
import { FakeRegistry } from '../support/fake-registry.ts'
import { infrastructure, postgresUrl } from '../support/infrastructure.ts'
import { allowOnly, forbidCreation, WITH_AUTHORIZER } from '../support/kafka-acls.ts'
import { startTestBroker } from '../support/kafka-broker.ts'
import { clusterOf, makeTopic, plantRecords } from '../support/raw-records.ts'
import { openStore } from './storage/postgres-store.ts'
import { freshSettings } from '../support/own-service.ts'
import { createTestSchema, ROLE_PASSWORD } from '../support/postgres-schema.ts'
import { setTopicSetting } from '../support/topic-setting.ts'
import { somePending } from '../support/some-event.ts'
import { startService } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

interface Diagnosis {
  readonly code: number
  readonly findings: readonly Finding[]
  readonly output: string
}

async function examine(settings: Readonly<Record<string, string>>): Promise<Diagnosis> {
  const { code, stdout, stderr } = await runCart(['doctor', '--json'], {
    API_HOST: '127.0.0.1',
    API_PORT: String(await findFreePort()),
    DATABASE_URL: 'sqlite::memory:',
    KAFKA_BOOTSTRAP_SERVERS: infrastructure().kafkaBootstrapServers,
    SCHEMA_REGISTRY_URL: infrastructure().schemaRegistryUrl,
    KAFKA_TOPIC: `doctor-${randomUUID()}`,
    ...settings,
  })
  const { findings } = JSON.parse(stdout) as { findings: Finding[] }
  return { code, findings, output: stdout + stderr }
}

function find({ findings, output }: Diagnosis, check: string): Finding {
  const found = findings.find((finding) => finding.check === check)
  assert.ok(found, `${check} in ${output}`)
  return found
}

function problemsOf({ findings }: Diagnosis): string[] {
  return findings.filter(({ verdict }) => verdict === 'problem').map(({ check }) => check)
}

function actionOf(diagnosis: Diagnosis, check: string): string {
  const finding = find(diagnosis, check)
  assert.ok('action' in finding, check)
  return finding.action
}

function commandOf(diagnosis: Diagnosis, check: string): string {
  const finding = find(diagnosis, check)
  assert.ok('command' in finding, check)
  return finding.command
}

/** Empty, and without the characters that Latin 1 has not. Resolves with its address. */
async function createLatinDatabase(t: TestContext): Promise<string> {
  const name = `latin_${randomUUID().replaceAll('-', '')}`
  const server = new Client({ connectionString: postgresUrl() })
  await server.connect()
  t.after(async () => {
    await server.query(`DROP DATABASE ${name} WITH (FORCE)`)
    await server.end()
  })
  await server.query(
    `CREATE DATABASE ${name} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`,
  )
  const url = new URL(postgresUrl())
  url.pathname = name
  return url.href
}

suite('cart doctor', () => {
  test('finds no problem where the service runs', async (t) => {
    const topic = `doctor-${randomUUID()}`
    const folder = await temporaryFolder(t)
    const settings = {
      KAFKA_BOOTSTRAP_SERVERS: infrastructure().kafkaBootstrapServers,
      SCHEMA_REGISTRY_URL: infrastructure().schemaRegistryUrl,
      KAFKA_TOPIC: topic,
      DATABASE_URL: `sqlite:${folder}/cart.db`,
    }
    const service = await startService(settings)
    t.after(() => service.end('SIGKILL'))
    const diagnosis = await examine({ ...settings, API_PORT: new URL(service.url).port })
    assert.equal(diagnosis.code, 0, diagnosis.output)
    assert.deepEqual(problemsOf(diagnosis), [])
    for (const check of [
      'runtime',
      'settings',
      'kafka dns',
      'kafka tcp',
      'kafka',
      `topic ${topic}`,
      'partitions',
      'registry',
      `subject ${topic}-value`,
      `compatibility of ${topic}-value`,
      'key format',
      'clock',
      'store',
      'service',
    ]) {
      assert.equal(find(diagnosis, check).verdict, 'ok', check)
    }
    // The brokers of tests have one replica.
    for (const check of ['replication', 'min.insync.replicas']) {
      const finding = find(diagnosis, check)
      assert.equal(finding.verdict, 'warning')
      assert.ok('action' in finding && finding.action !== '')
    }
  })

  test('tells a missing topic, and one with other partitions than wanted', async () => {
    const topic = `doctor-${randomUUID()}`
    const missing = await examine({ KAFKA_TOPIC: topic })
    assert.equal(missing.code, 1)
    assert.deepEqual(problemsOf(missing), [`topic ${topic}`])
    await makeTopic(infrastructure().kafkaBootstrapServers, topic, 5)
    const other = await examine({ KAFKA_TOPIC: topic })
    assert.equal(other.code, 0, other.output)
    assert.match(find(other, 'partitions').detail, /^5, and KAFKA_TOPIC_PARTITIONS is 3$/)
  })

  test('tells where nothing listens, what has no address, and that one broker is enough', async () => {
    const port = await findFreePort()
    const away = await examine({
      KAFKA_BOOTSTRAP_SERVERS: `127.0.0.1:${port}`,
      SCHEMA_REGISTRY_URL: `http://127.0.0.1:${port}`,
    })
    assert.equal(away.code, 1)
    assert.deepEqual(problemsOf(away), ['kafka tcp', 'registry tcp'])
    const unknown = away.findings.filter(({ verdict }) => verdict === 'skipped')
    assert.deepEqual(
      unknown.map(({ check }) => check.replace(/doctor-[\w-]+?(-value)?$/, '*$1')),
      'requests, topic *, partitions, replication, rights, subject *-value, key format, clock, store and topic'.split(
        ', ',
      ),
    )
    const nameless = await examine({ KAFKA_BOOTSTRAP_SERVERS: 'kafka.invalid:9092' })
    assert.ok(problemsOf(nameless).includes('kafka dns'))
    const topic = `doctor-${randomUUID()}`
    const { kafkaBootstrapServers } = infrastructure()
    await makeTopic(kafkaBootstrapServers, topic, 3)
    const partly = await examine({
      KAFKA_TOPIC: topic,
      KAFKA_BOOTSTRAP_SERVERS: `127.0.0.1:${port},${kafkaBootstrapServers}`,
    })
    assert.deepEqual(problemsOf(partly), [])
    assert.equal(find(partly, 'kafka tcp').verdict, 'warning')
  })

  test('tells what listens and is no broker or no registry, and shows no password', async (t) => {
    const service = await startService({
      KAFKA_BOOTSTRAP_SERVERS: infrastructure().kafkaBootstrapServers,
      SCHEMA_REGISTRY_URL: infrastructure().schemaRegistryUrl,
      KAFKA_TOPIC: `doctor-${randomUUID()}`,
      DATABASE_URL: 'sqlite::memory:',
    })
    t.after(() => service.end('SIGKILL'))
    const { host } = new URL(service.url)
    const diagnosis = await examine({
      KAFKA_BOOTSTRAP_SERVERS: host,
      SCHEMA_REGISTRY_URL: `http://key:geheim@${host}`,
    })
    assert.deepEqual(problemsOf(diagnosis), ['kafka', 'registry'])
    assert.match(find(diagnosis, 'registry').detail, /answered 404/)
    assert.ok(!diagnosis.output.includes('geheim'))
  })

  test('tells a subject that our schema cannot follow, with the reasons', async () => {
    await using registry = await FakeRegistry.start()
    const topic = `doctor-${randomUUID()}`
    registry.add(`${topic}-value`, '{"type":"record","name":"Other","fields":[]}')
    registry.declareIncompatible(['field orderId has no default'])
    const diagnosis = await examine({ KAFKA_TOPIC: topic, SCHEMA_REGISTRY_URL: registry.url })
    const finding = find(diagnosis, `subject ${topic}-value`)
    assert.equal(finding.verdict, 'problem')
    assert.match(finding.detail, /not compatible.*field orderId has no default/)
    assert.ok(
      registry.asked.every((question) => !question.startsWith('PUT')),
      'nothing is written',
    )
    assert.ok(
      registry.asked.every((question) => !/^POST \/subjects\/[^/]+\/versions/.test(question)),
    )
  })

  test('names the question that a registry refuses, and examines the rest', async () => {
    await using registry = await FakeRegistry.start()
    const topic = `doctor-${randomUUID()}`
    registry.add(`${topic}-value`, orderSchemaText)
    const forbidden = { kind: 'answer', status: 403, body: '{"message":"not for you"}' } as const
    registry.interfere(forbidden, Infinity, /\/config\//)
    const settings = { KAFKA_TOPIC: topic, SCHEMA_REGISTRY_URL: registry.url }
    const level = await examine(settings)
    assert.equal(find(level, 'registry').verdict, 'ok')
    assert.equal(find(level, `subject ${topic}-value`).verdict, 'ok')
    const refused = find(level, `compatibility of ${topic}-value`)
    assert.equal(refused.verdict, 'skipped')
    assert.match(refused.detail, /answered 403 when asked to tell the compatibility.*not for you/)
    assert.ok(!actionOf(level, refused.check).includes('SCHEMA_REGISTRY_URL'))
    registry.interfere(forbidden)
    const all = await examine(settings)
    assert.equal(find(all, 'registry').verdict, 'ok')
    assert.equal(find(all, `subject ${topic}-value`).verdict, 'problem')
    registry.recover()
    registry.interfere({ ...forbidden, status: 401 })
    const unknown = await examine(settings)
    assert.ok(problemsOf(unknown).includes('registry'))
    assert.match(actionOf(unknown, 'registry'), /^Set SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO/)
  })

  test('says that others use Avro keys, by their subject and by their records', async () => {
    const { kafkaBootstrapServers: servers } = infrastructure()
    await using registry = await FakeRegistry.start()
    const topic = `doctor-${randomUUID()}`
    await makeTopic(servers, topic, 3)
    const settings = { KAFKA_TOPIC: topic, SCHEMA_REGISTRY_URL: registry.url }
    const none = find(await examine(settings), 'key format')
    assert.equal(none.verdict, 'ok')
    assert.match(none.detail, /looked at: the first and the last record of each of \d+ partitions$/)
    const value = Buffer.from('x')
    const plain = { key: encodeKey('ORD-1'), value, partition: 2 }
    await plantRecords(servers, topic, [plain, { ...plain, key: encodeAvroKey('ORD-1', 7) }])
    const byRecord = find(await examine(settings), 'key format')
    assert.equal(byRecord.verdict, 'warning')
    assert.match(
      byRecord.detail,
      /^string, and record 2@1 on the topic has a framed key: consumers/,
    )
    registry.add(`${topic}-key`, keySchemaText)
    const both = await examine(settings)
    assert.match(find(both, 'key format').detail, /framed key, and subject \S+-key is registered:/)
    assert.match(actionOf(both, 'key format'), /KAFKA_KEY_FORMAT=avro: docs\/how-to\/take-over\.md/)
    const framed = await examine({ ...settings, KAFKA_KEY_FORMAT: 'avro' })
    assert.equal(find(framed, 'key format').verdict, 'ok')
  })

  test('tells a store that cannot be used, and looks at nothing with wrong settings', async (t) => {
    const folder = await temporaryFolder(t)
    await writeFile(`${folder}/cart.db`, 'no database at all, but some text that is long enough')
    const broken = await examine({ DATABASE_URL: `sqlite:${folder}/cart.db` })
    assert.ok(problemsOf(broken).includes('store'))
    const wrong = await examine({ API_PORT: 'many', PUBLISH_TIMEOUT_MS: 'soon' })
    assert.equal(wrong.code, 1)
    assert.deepEqual(problemsOf(wrong), ['settings'])
    assert.match(find(wrong, 'settings').detail, /API_PORT.*PUBLISH_TIMEOUT_MS|PUBLISH.*API_PORT/)
    assert.equal(find(wrong, 'everything else').verdict, 'skipped')
    assert.equal(wrong.findings.length, 3)
  })

  test('names the right that is missing, and the command that gives it', async (t) => {
    const broker = await startTestBroker({ properties: WITH_AUTHORIZER })
    t.after(() => broker.close())
    const { bootstrapServers } = broker
    const settings = { KAFKA_BOOTSTRAP_SERVERS: bootstrapServers, KAFKA_TOPIC: 'orders' }
    const absent = await examine(settings)
    assert.deepEqual(problemsOf(absent), ['topic orders'], absent.output)
    await forbidCreation(bootstrapServers)
    await allowOnly(bootstrapServers, 'orders', ['DESCRIBE'])
    const notCreatable = await examine(settings)
    assert.deepEqual(problemsOf(notCreatable), ['topic orders', 'topic creation', 'rights'])
    assert.match(commandOf(notCreatable, 'topic creation'), /--operation Create --topic orders$/)
    await allowOnly(bootstrapServers, 'orders', ['CREATE'])
    await makeTopic(bootstrapServers, 'orders', 3)

    const few = await examine(settings)
    assert.deepEqual(problemsOf(few), ['rights'], few.output)
    assert.match(find(few, 'rights').detail, /^no Read, no Write on topic orders/)
    assert.match(commandOf(few, 'rights'), /kafka-acls.*--operation Read --operation Write --topic/)
    assert.ok(commandOf(few, 'rights').includes(`--bootstrap-server ${bootstrapServers} `))
    assert.deepEqual(await findSilentPartitions(clusterOf(bootstrapServers, 'orders'), [0, 2]), [
      { partition: 0, reason: 'TOPIC_AUTHORIZATION_FAILED' },
      { partition: 2, reason: 'TOPIC_AUTHORIZATION_FAILED' },
    ])
    await allowOnly(bootstrapServers, 'orders', ['WRITE'])
    const oneMissing = await examine(settings)
    assert.match(find(oneMissing, 'rights').detail, /^no Read on topic orders/)
    await allowOnly(bootstrapServers, 'orders', ['READ'])
    const all = await examine(settings)
    assert.deepEqual(problemsOf(all), [], all.output)
    assert.equal(find(all, 'rights').verdict, 'ok')
    assert.equal(find(all, 'requests').verdict, 'ok')
    assert.equal(find(all, 'topic settings').verdict, 'warning')
    assert.match(commandOf(all, 'topic settings'), /--operation DescribeConfigs --topic orders$/)

    await allowOnly(bootstrapServers, 'hidden', ['CREATE'])
    const hidden = await examine({ ...settings, KAFKA_TOPIC: 'hidden' })
    assert.deepEqual(problemsOf(hidden), ['rights'], hidden.output)
    assert.match(find(hidden, 'rights').detail, /^no Describe, no Read, no Write on topic hidden/)
  })

  for (const kind of ['SQLite', 'PostgreSQL'] as const) {
    test(`names pending events that are larger than the topic allows, as the audit does: ${kind}`, async (t) => {
      await using schema = await createTestSchema()
      const path = `${await temporaryFolder(t)}/cart.db`
      const store = await (kind === 'SQLite' ? openSqliteStore({ path }) : openStore(schema))
      await store.reserve(somePending({ orderId: 'small' as OrderId, valueBytes: 100 }))
      await store.reserve(somePending({ orderId: 'large' as OrderId, valueBytes: 25_000 }))
      await store.close()
      const settings = freshSettings(kind === 'SQLite' ? `sqlite:${path}` : schema.url())
      const { KAFKA_BOOTSTRAP_SERVERS: servers, KAFKA_TOPIC: topic } = settings
      await makeTopic(servers, topic, 3)
      const usual = await examine(settings)
      assert.match(find(usual, 'store').detail, / 2 pending events$/)
      assert.ok(usual.findings.every(({ check }) => check !== 'pending events'))

      await setTopicSetting(servers, topic, 'max.message.bytes', '20000')
      const finding = find(await examine(settings), 'pending events')
      assert.equal(finding.verdict, 'warning')
      const expected =
        /^1 larger than max\.message\.bytes=20000 .*large version 1 \(25\d\d\d bytes\)$/
      assert.match(finding.detail, expected)
      const { code, stdout } = await runCart(['audit'], settings)
      assert.equal(code, 0, stdout)
      assert.match(stdout, /^1 pending event is larger than the topic allows\..* to 25\d\d\d;/m)
      assert.match(stdout, /^25\d\d\d +large, 1, /m)
      assert.ok(!stdout.includes('small'))
    })
  }

  test('names a clock that is further ahead than the topic takes events', async () => {
    const topic = `doctor-${randomUUID()}`
    const { kafkaBootstrapServers } = infrastructure()
    await makeTopic(kafkaBootstrapServers, topic, 3)
    await using registry = await FakeRegistry.start()
    registry.date = new Date(Date.now() - 60_000)
    const settings = { KAFKA_TOPIC: topic, SCHEMA_REGISTRY_URL: registry.url }
    assert.equal(find(await examine(settings), 'clock').verdict, 'warning')
    await setTopicSetting(kafkaBootstrapServers, topic, 'message.timestamp.after.max.ms', '30000')
    const refused = await examine(settings)
    assert.equal(find(refused, 'clock').verdict, 'problem')
    assert.match(find(refused, 'clock').detail, /ahead of .*more than 30\.0 s ahead of its broker/)
  })

  test('names a PostgreSQL database that cannot hold every order', async (t) => {
    const url = await createLatinDatabase(t)
    const diagnosis = await examine({ DATABASE_URL: url })
    assert.equal(find(diagnosis, 'store').verdict, 'problem')
    assert.match(find(diagnosis, 'store').detail, /LATIN1.*made with ENCODING 'UTF8'/)
    assert.match(actionOf(diagnosis, 'store'), /^Do what it says/)
  })

  test('examines a PostgreSQL database without showing its password', async () => {
    await using schema = await createTestSchema()
    const empty = await examine({ DATABASE_URL: schema.url() })
    const store = find(empty, 'store')
    assert.equal(store.verdict, 'ok', empty.output)
    assert.match(store.detail, /^PostgreSQL, \S+ at \S+, made by the first start$/)
    const wrong = new URL(schema.url())
    wrong.password = 'geheim'
    const refused = await examine({ DATABASE_URL: wrong.href })
    assert.equal(find(refused, 'store').verdict, 'problem')
    for (const { output } of [empty, refused]) {
      assert.ok(!output.includes(ROLE_PASSWORD) && !output.includes('geheim'), output)
    }
  })

  test('cart config shows what holds, hides secrets, and refuses what is not usable', async () => {
    const env = { SCHEMA_REGISTRY_URL: 'http://key:geheim@localhost:1', API_PORT: '8001' }
    const shown = await runCart(['config'], env)
    assert.equal(shown.code, 0)
    assert.match(shown.stdout, /^API_PORT +8001 +environment$/m)
    assert.match(shown.stdout, /^KAFKA_TOPIC +order-events +default$/m)
    assert.ok(!shown.stdout.includes('geheim'))
    const refused = await runCart(['config', '--json'], { ...env, API_PORT: 'many' })
    assert.equal(refused.code, 1)
    const { ok, problems } = JSON.parse(refused.stdout) as { ok: boolean; problems: string[] }
    assert.equal(ok, false)
    assert.match(problems.join(), /^API_PORT must be/)
  })
})
