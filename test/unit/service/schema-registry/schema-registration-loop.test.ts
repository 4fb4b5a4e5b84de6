import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { orderSchemaText } from '../../../../src/service/schema-registry/order-codec.ts'
import type { SchemaIncompatibleError } from '../../../../src/service/schema-registry/registry-error.ts'
import { FINGERPRINT, VALUE, RECHECK_MS, RegistrationBench } from './registration-bench.ts'

describe('the schema registration after its start', () => {
  let bench: RegistrationBench

  beforeEach(async () => {
    bench = await RegistrationBench.open()
  })

  afterEach(() => bench.close())

  test('only reads, and says what to do, when it may not register', async () => {
    bench.create({ autoRegister: false })
    await bench.registration.start()
    assert.equal(bench.registration.schemaIdOf(VALUE), undefined)
    assert.equal(bench.state().status, 'down')
    assert.match(
      bench.state().reason ?? '',
      /^Schema com\.ecommerce\.order\.Order is not registered under subject order-events-value: register it there, or set SCHEMA_REGISTRY_AUTO_REGISTER=true$/,
    )
    bench.registry.add(VALUE, orderSchemaText)
    await bench.clock.wake()
    await bench.clock.nextSleep()
    assert.equal(bench.registration.schemaIdOf(VALUE), 7)
    assert.equal(bench.state().status, 'up')
    assert.deepEqual(bench.writes(), [`POST /compatibility/subjects/${VALUE}/versions`])
  })

  test('keeps asking, ever more slowly, until the registry comes', async () => {
    await bench.registry.stop()
    await bench.registration.start()
    const delays: number[] = []
    for (let tries = 0; tries < 7; tries++) {
      delays.push(await bench.clock.nextSleep())
      await bench.clock.wake()
    }
    assert.deepEqual(delays, [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000])
    assert.equal(bench.registration.schemaIdOf(VALUE), undefined)
    assert.equal(await bench.clock.nextSleep(), 5_000)
    await bench.registry.resume()
    await bench.clock.wake()
    assert.equal(await bench.clock.nextSleep(), RECHECK_MS)
    assert.equal(bench.registration.schemaIdOf(VALUE), 7)
    assert.equal(bench.state().status, 'up')
  })

  test('reports an incompatibility that shows later, and asks no more', async () => {
    const reported = Promise.withResolvers<SchemaIncompatibleError>()
    bench.create({ onIncompatible: reported.resolve })
    bench.registry.interfere({ kind: 'answer', status: 503 })
    await bench.registration.start()
    bench.registry.recover()
    bench.registry.declareIncompatible(['field a'])
    await bench.clock.wake()
    assert.deepEqual((await reported.promise).reasons, ['field a'])
    // A loop that went on would sleep by then.
    await new Promise(setImmediate)
    assert.equal(bench.clock.isSlept, false)
  })

  test('goes on encoding while the registry is away, and health tells so', async () => {
    await bench.registration.start()
    assert.equal(await bench.clock.nextSleep(), RECHECK_MS)
    await bench.registry.stop()
    await bench.clock.wake()
    assert.equal(await bench.clock.nextSleep(), 250)
    assert.equal(bench.state().status, 'down')
    assert.equal(bench.registration.schemaIdOf(VALUE), 7)
    await bench.registry.resume()
    await bench.clock.wake()
    assert.equal(await bench.clock.nextSleep(), RECHECK_MS)
    assert.equal(bench.state().status, 'up')
  })

  test('checks with one question while all is well', async () => {
    await bench.registration.start()
    await bench.clock.nextSleep()
    const before = bench.registry.asked.length
    await bench.clock.wake()
    await bench.clock.nextSleep()
    assert.deepEqual(bench.registry.asked.slice(before), [`POST /subjects/${VALUE}`])
  })

  test('registers again with a registry that lost its schemas', async () => {
    await bench.registration.start()
    bench.registry.forget()
    await bench.clock.wake()
    await bench.clock.nextSleep()
    assert.equal(bench.registration.schemaIdOf(VALUE), 8)
    assert.equal(bench.registry.levelOf(VALUE), 'FULL_TRANSITIVE')
    assert.equal(bench.store.saved.get(`${VALUE} ${FINGERPRINT}`), 8)
  })

  test('works with a store that fails, and saves the id when it can', async () => {
    bench.store.isBroken = true
    await bench.registration.start()
    assert.equal(bench.registration.schemaIdOf(VALUE), 7)
    assert.equal(bench.state().status, 'up')
    assert.deepEqual(bench.warnings, [
      'the schema id of earlier runs cannot be read',
      'the schema id cannot be saved',
    ])
    bench.store.isBroken = false
    await bench.clock.wake()
    await bench.clock.nextSleep()
    assert.equal(bench.store.saved.get(`${VALUE} ${FINGERPRINT}`), 7)
  })

  test('closing waits for what is being saved', async () => {
    await bench.registration.start()
    bench.registry.forget()
    const saving = Promise.withResolvers<void>()
    const saved = Promise.withResolvers<void>()
    bench.store.onSave = () => {
      saving.resolve()
      return saved.promise
    }
    await bench.clock.wake()
    await saving.promise
    let isClosed = false
    const closed = bench.registration.close().then(() => {
      isClosed = true
    })
    await new Promise(setImmediate)
    assert.equal(isClosed, false)
    saved.resolve()
    await closed
  })

  test('closing ends a question under way and may be repeated', async () => {
    bench.registry.interfere({ kind: 'silence' })
    const asked = new Promise((resolve) => bench.registry.arrivals.once('request', resolve))
    const started = bench.registration.start()
    await asked
    await bench.registration.close()
    await started
    await bench.registration.close()
    assert.equal(bench.state().reason, 'has not answered yet')
  })
})
