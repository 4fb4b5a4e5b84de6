import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { StoreError } from '../../../../src/business/ports.ts'
import { listSubjectSchemas } from '../../../../src/service/schema-registry/event-encoder.ts'
import {
  keySchemaText,
  orderSchemaText,
} from '../../../../src/service/schema-registry/order-codec.ts'
import {
  FINGERPRINT,
  KEY,
  KEY_FINGERPRINT,
  VALUE,
  RegistrationBench,
} from './registration-bench.ts'

/** Another version of the order, as somebody else's service registers it. */
const OTHERS = JSON.stringify({
  ...(JSON.parse(orderSchemaText) as { fields: object[] }),
  fields: [{ name: 'orderId', type: 'string' }],
})

/** The same schema, as a registry may write it: other layout, other order of the members, no docs. */
function inOtherWords(schema: string): string {
  const parsed = JSON.parse(schema) as Record<string, unknown>
  delete parsed['doc']
  return JSON.stringify(Object.fromEntries(Object.entries(parsed).toReversed()), undefined, 2)
}

describe('a registry that lost its schemas and numbers anew', () => {
  let bench: RegistrationBench

  beforeEach(async () => {
    bench = await RegistrationBench.open()
  })

  afterEach(() => bench.close())

  async function checkAgain(): Promise<void> {
    await bench.clock.wake()
    await bench.clock.nextSleep()
  }

  test("an id that is somebody else's schema now is given up, though its subject is ours", async () => {
    await bench.registration.start()
    assert.equal(bench.registration.schemaIdOf(VALUE), 7)
    bench.registry.forget(7)
    assert.equal(bench.registry.add(VALUE, OTHERS), 7)
    assert.equal(bench.registry.add(VALUE, orderSchemaText), 8)
    await checkAgain()
    assert.equal(bench.registration.schemaIdOf(VALUE), 8)
    assert.equal(bench.store.saved.get(`${VALUE} ${FINGERPRINT}`), 8)
    assert.deepEqual(bench.warnings, ['the Schema Registry gave the schema id to another schema'])
    assert.equal(bench.state().status, 'up')
  })

  test('the same after a restart, and where ours has to be registered first', async () => {
    bench.store.saved.set(`${VALUE} ${FINGERPRINT}`, 7)
    assert.equal(bench.registry.add(VALUE, OTHERS), 7)
    await bench.registration.start()
    assert.equal(bench.registration.schemaIdOf(VALUE), 8)
    assert.equal(bench.store.saved.get(`${VALUE} ${FINGERPRINT}`), 8)
  })

  test("nothing is framed with somebody else's id while ours may not be registered", async () => {
    bench.store.saved.set(`${VALUE} ${FINGERPRINT}`, 7)
    bench.registry.add(VALUE, OTHERS)
    await bench.create({ autoRegister: false }).start()
    assert.equal(bench.registration.schemaIdOf(VALUE), undefined)
    assert.equal(bench.state().status, 'down')
    assert.match(bench.state().reason ?? '', /is not registered under subject/)
    assert.deepEqual(bench.store.saved, new Map())
  })

  test('an id that was given up is not taken up by the next start', async () => {
    bench.store.saved.set(`${VALUE} ${FINGERPRINT}`, 7)
    bench.registry.add(VALUE, OTHERS)
    bench.create({ autoRegister: false })
    bench.store.onForget = () => Promise.reject(new StoreError('broken', 'no'))
    await bench.registration.start()
    assert.deepEqual(bench.warnings.slice(1), ['the schema id cannot be forgotten'])
    bench.store.onForget = async () => {}
    await checkAgain()
    assert.deepEqual(bench.store.saved, new Map())
    await bench.registration.close()
    await bench.registry.stop()
    await bench.create().start()
    assert.equal(bench.registration.schemaIdOf(VALUE), undefined)
  })

  test('an id whose schema is ours in other words is kept', async () => {
    bench.store.saved.set(`${VALUE} ${FINGERPRINT}`, 7)
    assert.equal(bench.registry.add(VALUE, inOtherWords(orderSchemaText)), 7)
    assert.equal(bench.registry.addEqual(VALUE, orderSchemaText), 8)
    await bench.registration.start()
    assert.equal(bench.registration.schemaIdOf(VALUE), 7)
    assert.deepEqual(bench.warnings, [])
  })

  test('an id of events that the registry does not know any more is given up', async () => {
    await bench.registration.start()
    bench.registry.forget(20)
    await checkAgain()
    assert.equal(bench.registration.schemaIdOf(VALUE), 20)
    assert.deepEqual(bench.warnings, ['the Schema Registry does not know the schema id any more'])
  })

  describe('with Avro keys', () => {
    beforeEach(async () => {
      bench.create({ subjects: listSubjectSchemas('order-events', 'avro') })
      await bench.registration.start()
      assert.equal(bench.registration.schemaIdOf(KEY), 8)
    })

    test('an id of keys that the registry does not know any more is kept, and health says so', async () => {
      bench.registry.forget(20)
      await checkAgain()
      assert.equal(bench.registration.schemaIdOf(VALUE), 20)
      assert.equal(bench.registration.schemaIdOf(KEY), 8)
      assert.equal(bench.store.saved.get(`${KEY} ${KEY_FINGERPRINT}`), 8)
      assert.equal(bench.state().status, 'degraded')
      assert.match(
        bench.state().reason ?? '',
        /does not know schema id 8 of subject order-events-key; .* other partitions/,
      )
      const told = bench.warnings.length
      await checkAgain()
      assert.equal(bench.warnings.length, told, 'once')
    })

    test('an id of keys that is another schema now is given up', async () => {
      bench.registry.forget(7)
      assert.equal(bench.registry.add('another', '"long"'), 7)
      assert.equal(bench.registry.add('another', '"int"'), 8)
      await checkAgain()
      assert.equal(bench.registration.schemaIdOf(VALUE), 9)
      assert.equal(bench.registration.schemaIdOf(KEY), 10)
      assert.equal(bench.state().status, 'up')
    })

    test('an id of keys that the registry knows again is as it was', async () => {
      bench.registry.forget(20)
      await checkAgain()
      bench.registry.forget(8)
      assert.equal(bench.registry.add(KEY, keySchemaText), 8)
      await checkAgain()
      assert.equal(bench.registration.schemaIdOf(KEY), 8)
      assert.equal(bench.state().status, 'up')
    })
  })
})
