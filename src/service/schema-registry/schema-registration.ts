/**
 * The life of the schema ids.
 *
 * start: ids of earlier runs are taken from the store, then the registry is asked once. From then
 * on a loop asks again: soon while the registry is away, every half minute while it agrees, so that
 * health tells the truth and a registry that lost its schemas gets them back.
 * Asking means, for each subject: look the schema up; give the subject a compatibility level if it
 * has none of its own; if the schema is absent, check it and register it; save its id.
 * An id, once known, stays known: the registry's absence never stops encoding.
 */
import { createHash } from 'node:crypto'
import type { DependencyHealth } from '../../business/dependency-health.ts'
import type { Clock, SchemaIdStore } from '../../business/ports.ts'
import type { RegistryClient } from './client.ts'
import { RegistryError, SchemaIncompatibleError } from './registry-error.ts'

/** Consumers and producers may be upgraded in any order, from any version to any other. */
const COMPATIBILITY = 'FULL_TRANSITIVE'
const RETRY_DELAY_MIN_MS = 250
const RETRY_DELAY_MAX_MS = 5_000
const RECHECK_INTERVAL_MS = 30_000

export interface SubjectSchema {
  readonly subject: string
  /** Text of an Avro schema. */
  readonly schema: string
}

export interface RegistrationLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

export interface SchemaRegistrationDeps {
  /** Closed with the registration, which is its only user. */
  readonly client: RegistryClient
  readonly schemaIds: SchemaIdStore
  readonly subjects: readonly SubjectSchema[]
  /** False: the registry is only read. */
  readonly autoRegister: boolean
  readonly health: DependencyHealth
  readonly clock: Pick<Clock, 'sleep'>
  readonly log: RegistrationLog
  /** Called at most once, when an incompatibility shows after start; the process should end. */
  readonly onIncompatible: (error: SchemaIncompatibleError) => void
}

export interface SchemaRegistration {
  /**
   * Asks the registry once, within the client's bounds, and resolves whether it answered or not.
   * Rejects with {@link SchemaIncompatibleError}.
   */
  start(): Promise<void>
  /** Undefined until the registry, now or in an earlier run, has told it. */
  schemaIdOf(subject: string): number | undefined
  /** Ends the waits and resolves when nothing runs any more. Idempotent. */
  close(): Promise<void>
}

export function createSchemaRegistration(deps: SchemaRegistrationDeps): SchemaRegistration {
  return new AgreedSchemas(deps)
}

class AgreedSchemas implements SchemaRegistration {
  readonly #deps: SchemaRegistrationDeps
  readonly #closing = new AbortController()
  readonly #schemaIds = new Map<string, number>()
  /** Subjects whose id the store holds as it is. */
  readonly #saved = new Map<string, number>()
  /** Subjects whose compatibility level needs nothing more from us. */
  readonly #levelled = new Set<string>()
  #loop: Promise<void> = Promise.resolve()

  constructor(deps: SchemaRegistrationDeps) {
    this.#deps = deps
  }

  async start(): Promise<void> {
    for (const subject of this.#deps.subjects) await this.#recall(subject)
    const isAgreed = await this.#tryToAgree()
    this.#loop = this.#keepAgreeing(isAgreed)
  }

  schemaIdOf(subject: string): number | undefined {
    return this.#schemaIds.get(subject)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#deps.client.close()
    await this.#loop
  }

  async #keepAgreeing(isAgreedAtStart: boolean): Promise<void> {
    const { signal } = this.#closing
    let failures = isAgreedAtStart ? 0 : 1
    while (!signal.aborted) {
      const delayMs = failures === 0 ? RECHECK_INTERVAL_MS : retryDelayMs(failures)
      await this.#deps.clock.sleep(delayMs, signal)
      if (signal.aborted) return
      try {
        failures = (await this.#tryToAgree()) ? 0 : failures + 1
      } catch (error) {
        if (!(error instanceof SchemaIncompatibleError)) throw error
        this.#deps.onIncompatible(error)
        return
      }
    }
  }

  /** False while the registry is away or has to be helped; rejects when the schemas cannot agree. */
  async #tryToAgree(): Promise<boolean> {
    const { health, subjects } = this.#deps
    try {
      for (const subject of subjects) await this.#agree(subject)
      health.reportUp('schemaRegistry')
      return true
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error
      if (!this.#closing.signal.aborted) health.reportDown('schemaRegistry', error.message)
      return false
    }
  }

  async #agree(subject: SubjectSchema): Promise<void> {
    const found = await this.#lookUp(subject)
    // A registry that lost the schema lost the level too.
    if (found === undefined) this.#levelled.delete(subject.subject)
    else await this.#remember(subject, found)
    // Before registering: under a default of NONE the registry would take anything.
    await this.#setLevel(subject.subject)
    if (found === undefined) await this.#remember(subject, await this.#register(subject))
  }

  /**
   * Where the registry has equal schemas under several ids, it answers with any of them. Ours stays
   * the one we know: the id is part of an Avro key, and another one moves orders to other partitions.
   */
  async #lookUp({ subject, schema }: SubjectSchema): Promise<number | undefined> {
    const { client } = this.#deps
    const found = await client.lookUp(subject, schema)
    const known = this.#schemaIds.get(subject)
    if (found === undefined || known === undefined || known === found) return found
    return (await client.isSchemaIdOf(subject, known)) ? known : found
  }

  async #register({ subject, schema }: SubjectSchema): Promise<number> {
    const { client, autoRegister } = this.#deps
    const { isCompatible, reasons } = await client.checkCompatibility(subject, schema)
    // Apicurio names its reasons only when it refuses to register, so there the refusal is awaited.
    if (!isCompatible && (reasons.length > 0 || !autoRegister)) {
      throw new SchemaIncompatibleError(subject, reasons)
    }
    if (!autoRegister) throw notRegistered(subject, schema)
    const result = await client.register(subject, schema)
    if (result.kind === 'registered') return result.schemaId
    // Another instance may have been faster, and the refusal meant only that.
    const found = await client.lookUp(subject, schema)
    if (found !== undefined) return found
    throw new SchemaIncompatibleError(subject, [result.reason])
  }

  async #recall({ subject, schema }: SubjectSchema): Promise<void> {
    const { schemaIds, log } = this.#deps
    try {
      const schemaId = await schemaIds.findSchemaId(subject, fingerprintOf(schema))
      if (schemaId === undefined) return
      this.#schemaIds.set(subject, schemaId)
      this.#saved.set(subject, schemaId)
    } catch (error) {
      log.warn({ err: error, subject }, 'the schema id of earlier runs cannot be read')
    }
  }

  /** The id serves at once; a store that cannot save it gets another chance at the next check. */
  async #remember({ subject, schema }: SubjectSchema, schemaId: number): Promise<void> {
    const { schemaIds, log } = this.#deps
    if (this.#schemaIds.get(subject) !== schemaId) {
      this.#schemaIds.set(subject, schemaId)
      log.info({ subject, schemaId }, 'the Schema Registry agreed to the schema')
    }
    if (this.#saved.get(subject) === schemaId) return
    try {
      await schemaIds.saveSchemaId(subject, fingerprintOf(schema), schemaId)
      this.#saved.set(subject, schemaId)
    } catch (error) {
      log.warn({ err: error, subject, schemaId }, 'the schema id cannot be saved')
    }
  }

  /** Once a run. Who may not set it may still publish: the level protects later versions. */
  async #setLevel(subject: string): Promise<void> {
    const { client, autoRegister, log } = this.#deps
    if (!autoRegister || this.#levelled.has(subject)) return
    try {
      const level = await client.getSubjectCompatibility(subject)
      if (level === undefined) await client.setSubjectCompatibility(subject, COMPATIBILITY)
    } catch (error) {
      if (!(error instanceof RegistryError) || error.kind === 'unavailable') throw error
      log.warn({ err: error, subject }, 'the compatibility of the subject cannot be set')
    }
    this.#levelled.add(subject)
  }
}

function retryDelayMs(failures: number): number {
  return Math.min(RETRY_DELAY_MIN_MS * 2 ** (failures - 1), RETRY_DELAY_MAX_MS)
}

function notRegistered(subject: string, schema: string): RegistryError {
  const text = `Schema ${nameOf(schema)} is not registered under subject ${subject}: register it there, or set SCHEMA_REGISTRY_AUTO_REGISTER=true`
  return new RegistryError('rejected', text)
}

/** The full name of a record, the name of a primitive. */
function nameOf(schema: string): string {
  const parsed = JSON.parse(schema) as string | { namespace?: string; name: string }
  if (typeof parsed === 'string') return parsed
  return parsed.namespace === undefined ? parsed.name : `${parsed.namespace}.${parsed.name}`
}

function fingerprintOf(schema: string): string {
  return createHash('sha256').update(schema).digest('hex')
}
