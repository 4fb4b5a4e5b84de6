import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { after, describe, test } from 'node:test'
import { DependencyHealth } from '../../src/business/dependency-health.ts'
import { createRegistryClient } from '../../src/service/schema-registry/client.ts'
import { listSubjectSchemas } from '../../src/service/schema-registry/event-encoder.ts'
import { orderSchemaText } from '../../src/service/schema-registry/order-codec.ts'
import { SchemaIncompatibleError } from '../../src/service/schema-registry/registry-error.ts'
import { createSchemaRegistration } from '../../src/service/schema-registry/schema-registration.ts'
import { findFateOfId } from '../../src/service/schema-registry/schema-identity.ts'
import { infrastructure } from '../support/infrastructure.ts'

const clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  schedule: () => assert.fail('not used here'),
  // An aborted sleep ends like any other.
  sleep: (delayMs: number, signal?: AbortSignal) =>
    delay(delayMs, undefined, signal === undefined ? {} : { signal }).catch(() => undefined),
}

describe('a real Schema Registry', () => {
  const client = createRegistryClient({
    baseUrl: infrastructure().schemaRegistryUrl,
    timeoutMs: 10_000,
    clock,
  })
  after(() => client.close())

  test('gives a schema one id, finds it by it, and finds no other', async () => {
    const subject = freshSubject()
    assert.equal(await client.lookUp(subject, orderSchemaText), undefined)
    const first = await client.register(subject, orderSchemaText)
    assert.ok(first.kind === 'registered' && first.schemaId > 0)
    assert.deepEqual(await client.register(subject, orderSchemaText), first)
    const laidOut = JSON.stringify(JSON.parse(orderSchemaText))
    assert.equal(await client.lookUp(subject, laidOut), first.schemaId)
    assert.equal(await client.lookUp(subject, '"string"'), undefined)
  })

  test('gives several instances that start together the same id', async () => {
    const subject = freshSubject()
    const schema = `{"type":"record","name":"R${Date.now()}","fields":[]}`
    const results = await Promise.all(
      Array.from({ length: 5 }, () => client.register(subject, schema)),
    )
    for (const result of results) assert.deepEqual(result, results[0])
  })

  test("keeps a subject's compatibility, also before its first schema", async () => {
    const subject = freshSubject()
    assert.equal(await client.getSubjectCompatibility(subject), undefined)
    await client.setSubjectCompatibility(subject, 'FULL_TRANSITIVE')
    assert.equal(await client.getSubjectCompatibility(subject), 'FULL_TRANSITIVE')
  })

  test('tells no level of a subject that has none of its own', async () => {
    const subject = freshSubject()
    await client.register(subject, orderSchemaText)
    assert.equal(await client.getSubjectCompatibility(subject), undefined)
  })

  test('checks and refuses what consumers could not read, with reasons', async () => {
    const subject = freshSubject()
    assert.equal((await client.checkCompatibility(subject, '"int"')).isCompatible, true)
    await client.register(subject, orderSchemaText)
    await client.setSubjectCompatibility(subject, 'FULL_TRANSITIVE')
    assert.equal((await client.checkCompatibility(subject, orderSchemaText)).isCompatible, true)
    const schema = withField('int')
    assert.equal((await client.checkCompatibility(subject, schema)).isCompatible, false)
    const refused = await client.register(subject, schema)
    assert.ok(refused.kind === 'incompatible')
    assert.match(refused.reason, /extra/)
  })

  test('agrees with the service: schemas registered, subjects protected, ids kept', async () => {
    const topic = randomUUID()
    await using run = startable(listSubjectSchemas(topic, 'avro'))
    await run.registration.start()
    assert.equal(run.health.states().schemaRegistry.status, 'up')
    assert.deepEqual(run.warnings, [])
    for (const { subject, schema } of listSubjectSchemas(topic, 'avro')) {
      const schemaId = await client.lookUp(subject, schema)
      assert.ok(schemaId !== undefined)
      assert.equal(run.registration.schemaIdOf(subject), schemaId)
      assert.equal(run.saved.get(subject), schemaId)
      assert.equal(await client.getSubjectCompatibility(subject), 'FULL_TRANSITIVE')
    }
  })

  test('keeps the service from starting on an incompatible schema, with reasons', async () => {
    const subject = freshSubject()
    await client.register(subject, withField('int'))
    await using run = startable([{ subject, schema: withField('string') }])
    await assert.rejects(run.registration.start(), (error) => {
      assert.ok(error instanceof SchemaIncompatibleError)
      assert.match(error.message, /\n- .*extra|\n- .*STRING/)
      return true
    })
  })

  test('keeps the service from starting on a subject that holds another record', async () => {
    const subject = freshSubject()
    const envelope = {
      type: 'record',
      name: 'OrderEvent',
      namespace: 'com.ecommerce.order',
      fields: [{ name: 'eventType', type: 'string' }],
    }
    // Nobody gave the subject of the replaced service a level.
    await client.register(subject, JSON.stringify(envelope))
    await using run = startable([{ subject, schema: orderSchemaText }])
    await assert.rejects(run.registration.start(), SchemaIncompatibleError)
    assert.equal(await client.lookUp(subject, orderSchemaText), undefined)
  })

  test('gives up an id that is another schema of the subject, and keeps one that is ours', async () => {
    const subject = freshSubject()
    const other = await client.register(subject, withField('string', { default: '' }))
    assert.ok(other.kind === 'registered')
    await using run = startable([{ subject, schema: orderSchemaText }])
    run.saved.set(subject, other.schemaId)
    await run.registration.start()
    const schemaId = await client.lookUp(subject, orderSchemaText)
    assert.notEqual(schemaId, other.schemaId)
    assert.equal(run.registration.schemaIdOf(subject), schemaId)
    assert.deepEqual(run.warnings, ['the Schema Registry gave the schema id to another schema'])
    assert.ok(schemaId !== undefined)
    assert.equal(await findFateOfId(client, schemaId, orderSchemaText), 'ours')
    assert.equal(await findFateOfId(client, other.schemaId, orderSchemaText), 'taken')
    assert.equal(await findFateOfId(client, 2 ** 31 - 1, orderSchemaText), 'lost')
  })
})

function freshSubject(): string {
  return `${randomUUID()}-value`
}

/** Our schema with one more field, which has no default where none is given. */
function withField(type: string, more: { default?: string } = {}): string {
  const schema = JSON.parse(orderSchemaText) as { fields: object[] }
  return JSON.stringify({ ...schema, fields: [...schema.fields, { name: 'extra', type, ...more }] })
}

function startable(subjects: ReturnType<typeof listSubjectSchemas>) {
  const saved = new Map<string, number>()
  const warnings: string[] = []
  const health = new DependencyHealth(clock, () => {})
  const registration = createSchemaRegistration({
    client: createRegistryClient({
      baseUrl: infrastructure().schemaRegistryUrl,
      timeoutMs: 10_000,
      clock,
    }),
    schemaIds: {
      findSchemaId: async (subject) => saved.get(subject),
      saveSchemaId: async (subject, _, schemaId) => void saved.set(subject, schemaId),
      forgetSchemaId: async (subject) => void saved.delete(subject),
    },
    subjects,
    autoRegister: true,
    health,
    clock,
    log: { info: () => {}, warn: (_, message) => void warnings.push(message) },
    onIncompatible: (error) => assert.fail(error),
  })
  return {
    registration,
    health,
    saved,
    warnings,
    [Symbol.asyncDispose]: () => registration.close(),
  }
}
