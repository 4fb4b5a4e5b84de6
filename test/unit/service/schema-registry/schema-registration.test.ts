import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { DependencyHealth } from '../../../../src/business/dependency-health.ts'
import { StoreError, type SchemaIdStore } from '../../../../src/business/ports.ts'
import { createRegistryClient } from '../../../../src/service/schema-registry/client.ts'
import { listSubjectSchemas } from '../../../../src/service/schema-registry/event-encoder.ts'
import { orderSchemaText } from '../../../../src/service/schema-registry/order-codec.ts'
import { SchemaIncompatibleError } from '../../../../src/service/schema-registry/registry-error.ts'
import {
  createSchemaRegistration,
  type SchemaRegistration,
  type SchemaRegistrationDeps,
} from '../../../../src/service/schema-registry/schema-registration.ts'
import { FakeRegistry, type RegistryDialect } from '../../../support/fake-registry.ts'

const VALUE = 'order-events-value'
const KEY = 'order-events-key'
const FINGERPRINT = createHash('sha256').update(orderSchemaText).digest('hex')
const RECHECK_MS = 30_000

describe('the schema registration', () => {
  let registry: FakeRegistry
  let registration: SchemaRegistration
  let clock: ManualClock
  let health: DependencyHealth
  let store: MemorySchemaIds
  let warnings: string[]

  const create = (overrides: Partial<SchemaRegistrationDeps> = {}) => {
    registration = createSchemaRegistration({
      client: createRegistryClient({ baseUrl: registry.url, timeoutMs: 10_000, clock: hasty }),
      schemaIds: store,
      subjects: listSubjectSchemas('order-events', 'string'),
      autoRegister: true,
      health,
      clock,
      log: { info: () => {}, warn: (_, message) => void warnings.push(message) },
      onIncompatible: (error) => assert.fail(error),
      ...overrides,
    })
    return registration
  }
  const use = async (dialect: RegistryDialect, firstId: number) => {
    await registry.stop()
    registry = await FakeRegistry.start(dialect, firstId)
  }
  const state = () => health.states().schemaRegistry
  const writes = () => registry.asked.filter((line) => /^PUT|versions$/.test(line))

  beforeEach(async () => {
    registry = await FakeRegistry.start('confluent', 7)
    clock = new ManualClock()
    store = new MemorySchemaIds()
    warnings = []
    health = new DependencyHealth(clock, () => {})
    create()
  })

  afterEach(async () => {
    await registration.close()
    await registry.stop()
  })

  test('registers what is absent, protects the subject and keeps the id', async () => {
    await registration.start()
    assert.equal(registration.schemaIdOf(VALUE), 7)
    assert.equal(registry.levelOf(VALUE), 'FULL_TRANSITIVE')
    assert.deepEqual(store.saved, new Map([[`${VALUE} ${FINGERPRINT}`, 7]]))
    assert.equal(state().status, 'up')
    assert.deepEqual(writes(), [
      `POST /compatibility/subjects/${VALUE}/versions`,
      `POST /subjects/${VALUE}/versions`,
      `PUT /config/${VALUE}`,
    ])
  })

  test('takes the id of what is registered, without registering', async () => {
    registry.add('another', '"long"')
    registry.add(VALUE, orderSchemaText)
    await registration.start()
    assert.equal(registration.schemaIdOf(VALUE), 8)
    assert.deepEqual(writes(), [`PUT /config/${VALUE}`])
  })

  test("leaves a subject's own compatibility alone", async () => {
    registry.setLevel(VALUE, 'BACKWARD')
    await registration.start()
    assert.equal(registry.levelOf(VALUE), 'BACKWARD')
  })

  test('registers the key as well when keys are Avro', async () => {
    create({ subjects: listSubjectSchemas('order-events', 'avro') })
    await registration.start()
    assert.equal(registration.schemaIdOf(VALUE), 7)
    assert.equal(registration.schemaIdOf(KEY), 8)
    assert.equal(registry.levelOf(KEY), 'FULL_TRANSITIVE')
  })

  test('refuses to start on an incompatible schema, with every reason on a line', async () => {
    registry.declareIncompatible(['field a', 'field b'])
    await assert.rejects(registration.start(), (error) => {
      assert.ok(error instanceof SchemaIncompatibleError)
      assert.deepEqual(error.reasons, ['field a', 'field b'])
      assert.match(error.message, /order-events-value .*\n- field a\n- field b$/)
      return true
    })
    assert.deepEqual(writes(), [`POST /compatibility/subjects/${VALUE}/versions`])
  })

  test('takes the reasons from the refusal where a check names none', async () => {
    await use('apicurio', 1)
    registry.add(VALUE, '"int"')
    registry.declareIncompatible(['INT is no STRING'])
    await assert.rejects(create().start(), (error) => {
      assert.ok(error instanceof SchemaIncompatibleError)
      assert.deepEqual(error.reasons, ['Incompatible schema, details: [INT is no STRING]'])
      return true
    })
    assert.equal(registry.levelOf(VALUE), undefined)
  })

  test('says that no reasons were given where nothing names them', async () => {
    await use('apicurio', 1)
    registry.add(VALUE, '"int"')
    registry.declareIncompatible(['INT is no STRING'])
    await assert.rejects(create({ autoRegister: false }).start(), /the registry gave no reasons$/)
  })

  test('only reads, and says what to do, when it may not register', async () => {
    create({ autoRegister: false })
    await registration.start()
    assert.equal(registration.schemaIdOf(VALUE), undefined)
    assert.equal(state().status, 'down')
    assert.match(
      state().reason ?? '',
      /^Schema com\.ecommerce\.order\.Order is not registered under subject order-events-value: register it there, or set SCHEMA_REGISTRY_AUTO_REGISTER=true$/,
    )
    registry.add(VALUE, orderSchemaText)
    await clock.wake()
    await clock.nextSleep()
    assert.equal(registration.schemaIdOf(VALUE), 7)
    assert.equal(state().status, 'up')
    assert.deepEqual(writes(), [`POST /compatibility/subjects/${VALUE}/versions`])
  })

  test('starts with the id of an earlier run while the registry is away', async () => {
    store.saved.set(`${VALUE} ${FINGERPRINT}`, 42)
    await registry.stop()
    await registration.start()
    assert.equal(registration.schemaIdOf(VALUE), 42)
    assert.equal(state().status, 'down')
    assert.match(state().reason ?? '', /ECONNREFUSED/)
  })

  test('does not take the id of another schema', async () => {
    store.saved.set(`${VALUE} ${'0'.repeat(64)}`, 42)
    await registry.stop()
    await registration.start()
    assert.equal(registration.schemaIdOf(VALUE), undefined)
  })

  test('prefers the id that the registry tells over the one of an earlier run', async () => {
    store.saved.set(`${VALUE} ${FINGERPRINT}`, 42)
    await registration.start()
    assert.equal(registration.schemaIdOf(VALUE), 7)
    assert.equal(store.saved.get(`${VALUE} ${FINGERPRINT}`), 7)
  })

  test('keeps asking, ever more slowly, until the registry comes', async () => {
    await registry.stop()
    await registration.start()
    const delays: number[] = []
    for (let tries = 0; tries < 7; tries++) {
      delays.push(await clock.nextSleep())
      await clock.wake()
    }
    assert.deepEqual(delays, [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000])
    assert.equal(registration.schemaIdOf(VALUE), undefined)
    assert.equal(await clock.nextSleep(), 5_000)
    await registry.resume()
    await clock.wake()
    assert.equal(await clock.nextSleep(), RECHECK_MS)
    assert.equal(registration.schemaIdOf(VALUE), 7)
    assert.equal(state().status, 'up')
  })

  test('reports an incompatibility that shows later, and asks no more', async () => {
    const reported = Promise.withResolvers<SchemaIncompatibleError>()
    create({ onIncompatible: reported.resolve })
    registry.interfere({ kind: 'answer', status: 503 })
    await registration.start()
    registry.recover()
    registry.declareIncompatible(['field a'])
    await clock.wake()
    assert.deepEqual((await reported.promise).reasons, ['field a'])
    // A loop that went on would sleep by then.
    await new Promise(setImmediate)
    assert.equal(clock.isSlept, false)
  })

  test('goes on encoding while the registry is away, and health tells so', async () => {
    await registration.start()
    assert.equal(await clock.nextSleep(), RECHECK_MS)
    await registry.stop()
    await clock.wake()
    assert.equal(await clock.nextSleep(), 250)
    assert.equal(state().status, 'down')
    assert.equal(registration.schemaIdOf(VALUE), 7)
    await registry.resume()
    await clock.wake()
    assert.equal(await clock.nextSleep(), RECHECK_MS)
    assert.equal(state().status, 'up')
  })

  test('checks with one question while all is well', async () => {
    await registration.start()
    await clock.nextSleep()
    const before = registry.asked.length
    await clock.wake()
    await clock.nextSleep()
    assert.deepEqual(registry.asked.slice(before), [`POST /subjects/${VALUE}`])
  })

  test('registers again with a registry that lost its schemas', async () => {
    await registration.start()
    registry.forget()
    await clock.wake()
    await clock.nextSleep()
    assert.equal(registration.schemaIdOf(VALUE), 8)
    assert.equal(registry.levelOf(VALUE), 'FULL_TRANSITIVE')
    assert.equal(store.saved.get(`${VALUE} ${FINGERPRINT}`), 8)
  })

  test('works with a store that fails, and saves the id when it can', async () => {
    store.isBroken = true
    await registration.start()
    assert.equal(registration.schemaIdOf(VALUE), 7)
    assert.equal(state().status, 'up')
    assert.deepEqual(warnings, [
      'the schema id of earlier runs cannot be read',
      'the schema id cannot be saved',
    ])
    store.isBroken = false
    await clock.wake()
    await clock.nextSleep()
    assert.equal(store.saved.get(`${VALUE} ${FINGERPRINT}`), 7)
  })

  test('publishes also where it may not set the compatibility', async () => {
    registry.interfere({ kind: 'answer', status: 403 }, Infinity, /^PUT/)
    await registration.start()
    assert.equal(state().status, 'up')
    assert.deepEqual(warnings, ['the compatibility of the subject cannot be set'])
    await clock.wake()
    await clock.nextSleep()
    assert.equal(warnings.length, 1)
  })

  test('has the id already when the compatibility has to wait', async () => {
    registry.interfere({ kind: 'answer', status: 503 }, Infinity, /^GET \/config/)
    await registration.start()
    assert.equal(registration.schemaIdOf(VALUE), 7)
    assert.equal(state().status, 'down')
    registry.recover()
    await clock.wake()
    await clock.nextSleep()
    assert.equal(registry.levelOf(VALUE), 'FULL_TRANSITIVE')
    assert.equal(state().status, 'up')
  })

  test('takes a refusal for a race when the schema is there afterwards', async () => {
    registry.interfere({ kind: 'answer', status: 409 }, 1, /^POST \/subjects\/.*\/versions$/)
    registry.arrivals.on('request', ({ path }) => {
      if (path === `/subjects/${VALUE}/versions`) registry.add(VALUE, orderSchemaText)
    })
    await registration.start()
    assert.equal(registration.schemaIdOf(VALUE), 7)
  })

  test('agrees with another instance that starts at the same time', async () => {
    const first = registration
    const second = create()
    await Promise.all([first.start(), second.start()])
    assert.equal(first.schemaIdOf(VALUE), second.schemaIdOf(VALUE))
    await first.close()
  })

  test('closing waits for what is being saved', async () => {
    await registration.start()
    registry.forget()
    const saving = Promise.withResolvers<void>()
    const saved = Promise.withResolvers<void>()
    store.onSave = () => {
      saving.resolve()
      return saved.promise
    }
    await clock.wake()
    await saving.promise
    let isClosed = false
    const closed = registration.close().then(() => {
      isClosed = true
    })
    await new Promise(setImmediate)
    assert.equal(isClosed, false)
    saved.resolve()
    await closed
  })

  test('closing ends a question under way and may be repeated', async () => {
    registry.interfere({ kind: 'silence' })
    const asked = new Promise((resolve) => registry.arrivals.once('request', resolve))
    const started = registration.start()
    await asked
    await registration.close()
    await started
    await registration.close()
    assert.equal(state().reason, 'has not answered yet')
  })
})

const hasty = { monotonicMs: () => performance.now(), sleep: async () => {} }

/** Sleeps until it is woken, or aborted. */
class ManualClock {
  #sleep: { delayMs: number; end: () => void } | undefined
  #onSleep: () => void = () => {}

  now(): Date {
    return new Date(0)
  }

  monotonicMs(): number {
    return 0
  }

  schedule(): () => void {
    throw new Error('not used here')
  }

  sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const end = () => {
      this.#sleep = undefined
      resolve()
    }
    if (signal.aborted) return Promise.resolve()
    signal.addEventListener('abort', end, { once: true })
    this.#sleep = { delayMs, end }
    this.#onSleep()
    return promise
  }

  /** Whether a sleep is under way. */
  get isSlept(): boolean {
    return this.#sleep !== undefined
  }

  /** The delay of the sleep under way, or of the next one. */
  async nextSleep(): Promise<number> {
    if (this.#sleep === undefined) {
      await new Promise<void>((resolve) => {
        this.#onSleep = resolve
      })
    }
    assert.ok(this.#sleep)
    return this.#sleep.delayMs
  }

  async wake(): Promise<void> {
    await this.nextSleep()
    this.#sleep?.end()
  }
}

class MemorySchemaIds implements SchemaIdStore {
  readonly saved = new Map<string, number>()
  isBroken = false
  onSave = async () => {}

  async findSchemaId(subject: string, fingerprint: string): Promise<number | undefined> {
    if (this.isBroken) throw new StoreError('broken', 'no')
    return this.saved.get(`${subject} ${fingerprint}`)
  }

  async saveSchemaId(subject: string, fingerprint: string, schemaId: number): Promise<void> {
    if (this.isBroken) throw new StoreError('broken', 'no')
    await this.onSave()
    this.saved.set(`${subject} ${fingerprint}`, schemaId)
  }
}
