import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import {
  encodeAvroKey,
  encodeKey,
  keySchemaText,
} from '../../src/service/schema-registry/order-codec.ts'
import { FakeRegistry } from '../support/fake-registry.ts'
import { freshSettings, startOwnService, type Settings } from '../support/own-service.ts'
import { makeTopic, plantRecords } from '../support/raw-records.ts'
import type { ServiceProcess } from '../support/service-process.ts'
import { until } from '../support/until.ts'

const WARNING = /KAFKA_KEY_FORMAT is string, and others use framed Avro keys/g

async function settingsWith(registry: FakeRegistry): Promise<ReturnType<typeof freshSettings>> {
  const settings = { ...freshSettings(), SCHEMA_REGISTRY_URL: registry.url }
  await makeTopic(settings.KAFKA_BOOTSTRAP_SERVERS, settings.KAFKA_TOPIC, 2)
  return settings
}

async function assertWarned(t: TestContext, settings: Settings, evidence: RegExp): Promise<void> {
  const service = await startOwnService(t, settings)
  const warnings = (): number => service.output().match(WARNING)?.length ?? 0
  await until(
    () => warnings() > 0,
    () => `the service warns; it wrote:\n${service.output()}`,
  )
  assert.match(service.output(), evidence)
  await endWell(service)
  assert.equal(warnings(), 1)
}

async function endWell(service: ServiceProcess): Promise<void> {
  assert.deepEqual(await service.end('SIGTERM'), { code: 0, signal: null }, service.output())
}

test('a start warns where the subject of keys is registered', async (t) => {
  await using registry = await FakeRegistry.start()
  const settings = await settingsWith(registry)
  registry.add(`${settings.KAFKA_TOPIC}-key`, keySchemaText)
  await assertWarned(t, settings, /"evidence":"subject orders-[\w-]+-key is registered"/)
})

test('a start warns where a record of others has a framed key', async (t) => {
  await using registry = await FakeRegistry.start()
  const settings = await settingsWith(registry)
  const record = { key: encodeAvroKey('OLD-1', 7), value: Buffer.from('old'), partition: 1 }
  const later = { ...record, key: encodeKey('ORD-1') }
  await plantRecords(settings.KAFKA_BOOTSTRAP_SERVERS, settings.KAFKA_TOPIC, [record, later])
  await assertWarned(t, settings, /"evidence":"record 1@0 on the topic has a framed key"/)
})

test('a start on a topic of plain keys has nothing to warn of', async (t) => {
  await using registry = await FakeRegistry.start()
  const settings = await settingsWith(registry)
  const record = { key: encodeKey('ORD-1'), value: Buffer.from('x'), partition: 0 }
  await plantRecords(settings.KAFKA_BOOTSTRAP_SERVERS, settings.KAFKA_TOPIC, [record])
  const service = await startOwnService(t, settings)
  await until(
    () => registry.asked.includes(`GET /subjects/${settings.KAFKA_TOPIC}-key/versions`),
    'the registry was asked',
  )
  await endWell(service)
  assert.doesNotMatch(service.output(), WARNING)
})

test('a service that writes Avro keys itself does not ask', async (t) => {
  await using registry = await FakeRegistry.start()
  const settings = { ...(await settingsWith(registry)), KAFKA_KEY_FORMAT: 'avro' }
  const service = await startOwnService(t, settings)
  await endWell(service)
  assert.ok(!registry.asked.includes(`GET /subjects/${settings.KAFKA_TOPIC}-key/versions`))
  assert.doesNotMatch(service.output(), WARNING)
})
