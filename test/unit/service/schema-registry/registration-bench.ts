import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  DependencyHealth,
  type DependencyState,
} from '../../../../src/business/dependency-health.ts'
import { StoreError, type SchemaIdStore } from '../../../../src/business/ports.ts'
import { createRegistryClient } from '../../../../src/service/schema-registry/client.ts'
import { listSubjectSchemas } from '../../../../src/service/schema-registry/event-encoder.ts'
import {
  keySchemaText,
  orderSchemaText,
} from '../../../../src/service/schema-registry/order-codec.ts'
import {
  createSchemaRegistration,
  type SchemaRegistration,
  type SchemaRegistrationDeps,
} from '../../../../src/service/schema-registry/schema-registration.ts'
import { FakeRegistry, type RegistryDialect } from '../../../support/fake-registry.ts'

export const VALUE = 'order-events-value'
export const KEY = 'order-events-key'
export const FINGERPRINT = createHash('sha256').update(orderSchemaText).digest('hex')
export const KEY_FINGERPRINT = createHash('sha256').update(keySchemaText).digest('hex')
export const RECHECK_MS = 30_000

/** A registration with all that it depends on, under the control of a test. */
export class RegistrationBench {
  registry: FakeRegistry
  registration: SchemaRegistration
  readonly clock = new ManualClock()
  readonly store = new MemorySchemaIds()
  readonly warnings: string[] = []
  readonly #health = new DependencyHealth(this.clock, () => {})

  private constructor(registry: FakeRegistry) {
    this.registry = registry
    this.registration = this.create()
  }

  /** The registry gives out ids from 7 on. */
  static async open(): Promise<RegistrationBench> {
    return new RegistrationBench(await FakeRegistry.start('confluent', 7))
  }

  /** Takes the place of the registration there was, which must not have been started. */
  create(overrides: Partial<SchemaRegistrationDeps> = {}): SchemaRegistration {
    this.registration = createSchemaRegistration({
      client: createRegistryClient({
        baseUrl: this.registry.url,
        timeoutMs: 10_000,
        clock: hasty,
      }),
      schemaIds: this.store,
      subjects: listSubjectSchemas('order-events', 'string'),
      autoRegister: true,
      health: this.#health,
      clock: this.clock,
      log: { info: () => {}, warn: (_, message) => void this.warnings.push(message) },
      onIncompatible: (error) => assert.fail(error),
      ...overrides,
    })
    return this.registration
  }

  /** Another registry; registrations created before do not know it. */
  async use(dialect: RegistryDialect, firstId: number): Promise<void> {
    await this.registry.stop()
    this.registry = await FakeRegistry.start(dialect, firstId)
  }

  state(): DependencyState {
    return this.#health.states().schemaRegistry
  }

  /** What was asked beyond reading, checks included. */
  writes(): readonly string[] {
    return this.registry.asked.filter((line) => /^PUT|^POST.*versions$/.test(line))
  }

  async close(): Promise<void> {
    await this.registration.close()
    await this.registry.stop()
  }
}

const hasty = { monotonicMs: () => performance.now(), sleep: async () => {} }

/** Sleeps until it is woken, or aborted. */
export class ManualClock {
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
  onForget = async () => {}

  async findSchemaId(subject: string, fingerprint: string): Promise<number | undefined> {
    if (this.isBroken) throw new StoreError('broken', 'no')
    return this.saved.get(`${subject} ${fingerprint}`)
  }

  async saveSchemaId(subject: string, fingerprint: string, schemaId: number): Promise<void> {
    if (this.isBroken) throw new StoreError('broken', 'no')
    await this.onSave()
    this.saved.set(`${subject} ${fingerprint}`, schemaId)
  }

  async forgetSchemaId(subject: string, fingerprint: string): Promise<void> {
    if (this.isBroken) throw new StoreError('broken', 'no')
    await this.onForget()
    this.saved.delete(`${subject} ${fingerprint}`)
  }
}
