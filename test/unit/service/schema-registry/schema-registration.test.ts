import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { listSubjectSchemas } from '../../../../src/service/schema-registry/event-encoder.ts'
import { orderSchemaText } from '../../../../src/service/schema-registry/order-codec.ts'
import { SchemaIncompatibleError } from '../../../../src/service/schema-registry/registry-error.ts'
import { FINGERPRINT, KEY, VALUE, RegistrationBench } from './registration-bench.ts'

describe('starting the schema registration', () => {
  let bench: RegistrationBench

  beforeEach(async () => {
    bench = await RegistrationBench.open()
  })

  afterEach(() => bench.close())

  test('registers what is absent, protects the subject and keeps the id', async () => {
    await bench.registration.start()
    assert.equal(bench.registration.schemaIdOf(VALUE), 7)
    assert.equal(bench.registry.levelOf(VALUE), 'FULL_TRANSITIVE')
    assert.deepEqual(bench.store.saved, new Map([[`${VALUE} ${FINGERPRINT}`, 7]]))
    assert.equal(bench.state().status, 'up')
    assert.deepEqual(bench.writes(), [
      `PUT /config/${VALUE}`,
      `POST /compatibility/subjects/${VALUE}/versions`,
      `POST /subjects/${VALUE}/versions`,
    ])
  })

  test('takes the id of what is registered, without registering', async () => {
    bench.registry.add('another', '"long"')
    bench.registry.add(VALUE, orderSchemaText)
    await bench.registration.start()
    assert.equal(bench.registration.schemaIdOf(VALUE), 8)
    assert.deepEqual(bench.writes(), [`PUT /config/${VALUE}`])
  })

  test("leaves a subject's own compatibility alone", async () => {
    bench.registry.setLevel(VALUE, 'BACKWARD')
    await bench.registration.start()
    assert.equal(bench.registry.levelOf(VALUE), 'BACKWARD')
  })

  test('registers the key as well when keys are Avro', async () => {
    bench.create({ subjects: listSubjectSchemas('order-events', 'avro') })
    await bench.registration.start()
    assert.equal(bench.registration.schemaIdOf(VALUE), 7)
    assert.equal(bench.registration.schemaIdOf(KEY), 8)
    assert.equal(bench.registry.levelOf(KEY), 'FULL_TRANSITIVE')
  })

  test('refuses to start on an incompatible schema, with every reason on a line', async () => {
    bench.registry.declareIncompatible(['field a', 'field b'])
    await assert.rejects(bench.registration.start(), (error) => {
      assert.ok(error instanceof SchemaIncompatibleError)
      assert.deepEqual(error.reasons, ['field a', 'field b'])
      assert.match(error.message, /order-events-value .*\n- field a\n- field b$/)
      return true
    })
    assert.ok(!bench.registry.asked.includes(`POST /subjects/${VALUE}/versions`))
  })

  test('takes the reasons from the refusal where a check names none', async () => {
    await bench.use('apicurio', 1)
    bench.registry.add(VALUE, '"int"')
    bench.registry.declareIncompatible(['INT is no STRING'])
    await assert.rejects(bench.create().start(), (error) => {
      assert.ok(error instanceof SchemaIncompatibleError)
      assert.deepEqual(error.reasons, ['Incompatible schema, details: [INT is no STRING]'])
      return true
    })
  })

  test('says that no reasons were given where nothing names them', async () => {
    await bench.use('apicurio', 1)
    bench.registry.add(VALUE, '"int"')
    bench.registry.declareIncompatible(['INT is no STRING'])
    await assert.rejects(
      bench.create({ autoRegister: false }).start(),
      /the registry gave no reasons$/,
    )
  })

  test('starts with the id of an earlier run while the registry is away', async () => {
    bench.store.saved.set(`${VALUE} ${FINGERPRINT}`, 42)
    await bench.registry.stop()
    await bench.registration.start()
    assert.equal(bench.registration.schemaIdOf(VALUE), 42)
    assert.equal(bench.state().status, 'down')
    assert.match(bench.state().reason ?? '', /ECONNREFUSED/)
  })

  test('does not take the id of another schema', async () => {
    bench.store.saved.set(`${VALUE} ${'0'.repeat(64)}`, 42)
    await bench.registry.stop()
    await bench.registration.start()
    assert.equal(bench.registration.schemaIdOf(VALUE), undefined)
  })

  test('prefers the id that the registry tells over the one of an earlier run', async () => {
    bench.store.saved.set(`${VALUE} ${FINGERPRINT}`, 42)
    await bench.registration.start()
    assert.equal(bench.registration.schemaIdOf(VALUE), 7)
    assert.equal(bench.store.saved.get(`${VALUE} ${FINGERPRINT}`), 7)
  })

  test('keeps the id it knows when an equal schema has got another one since', async () => {
    bench.registry.add(VALUE, orderSchemaText)
    const newest = bench.registry.addEqual(VALUE, orderSchemaText)
    assert.equal(newest, 8)
    bench.store.saved.set(`${VALUE} ${FINGERPRINT}`, 7)
    await bench.registration.start()
    assert.equal(bench.registration.schemaIdOf(VALUE), 7)
  })

  test('publishes also where it may not set the compatibility', async () => {
    bench.registry.interfere({ kind: 'answer', status: 403 }, Infinity, /^PUT/)
    await bench.registration.start()
    assert.equal(bench.state().status, 'up')
    assert.deepEqual(bench.warnings, ['the compatibility of the subject cannot be set'])
    await bench.clock.wake()
    await bench.clock.nextSleep()
    assert.equal(bench.warnings.length, 1)
  })

  test('registers nothing that it cannot protect', async () => {
    bench.registry.interfere({ kind: 'answer', status: 503 }, Infinity, /^PUT/)
    await bench.registration.start()
    assert.equal(bench.registration.schemaIdOf(VALUE), undefined)
    assert.ok(!bench.registry.asked.includes(`POST /subjects/${VALUE}/versions`))
  })

  test('has the id of what is registered already while the compatibility has to wait', async () => {
    bench.registry.add(VALUE, orderSchemaText)
    bench.registry.interfere({ kind: 'answer', status: 503 }, Infinity, /^GET \/config/)
    await bench.registration.start()
    assert.equal(bench.registration.schemaIdOf(VALUE), 7)
    assert.equal(bench.state().status, 'down')
    bench.registry.recover()
    await bench.clock.wake()
    await bench.clock.nextSleep()
    assert.equal(bench.registry.levelOf(VALUE), 'FULL_TRANSITIVE')
    assert.equal(bench.state().status, 'up')
  })

  test('takes a refusal for a race when the schema is there afterwards', async () => {
    bench.registry.interfere({ kind: 'answer', status: 409 }, 1, /^POST \/subjects\/.*\/versions$/)
    bench.registry.arrivals.on('request', ({ path }) => {
      if (path === `/subjects/${VALUE}/versions`) bench.registry.add(VALUE, orderSchemaText)
    })
    await bench.registration.start()
    assert.equal(bench.registration.schemaIdOf(VALUE), 7)
  })

  test('agrees with another instance that starts at the same time', async () => {
    const first = bench.registration
    const second = bench.create()
    await Promise.all([first.start(), second.start()])
    assert.equal(first.schemaIdOf(VALUE), second.schemaIdOf(VALUE))
    await first.close()
  })
})
