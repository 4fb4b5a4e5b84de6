/**
 * The life of the schema ids.
 *
 * start: ids of earlier runs are taken from the store, then the registry is asked once. From then
 * on a loop asks again: soon while the registry is away, every half minute while it agrees, so that
 * health tells the truth and a registry that lost its schemas gets them back.
 * Asking means, for each subject: look the schema up; give the subject a compatibility level if it
 * has none of its own; if the schema is absent, check it and register it; save its id.
 * An id, once known, stays known: the registry's absence never stops encoding. Where the registry
 * answers with another id than the known one, the content of the known one decides:
 *
 *   still our schema            kept: a registry may have equal schemas under several ids
 *   nothing (the registry lost it)   the new one; of keys the known one, and health says so, because
 *                               the id is part of an Avro key, and another one moves orders to other
 *                               partitions
 *   another schema              given up, before anything else: what is framed with it is misread
 */
import { createHash } from 'node:crypto'
import type { DependencyHealth } from '../../business/dependency-health.ts'
import type { Clock, SchemaIdStore } from '../../business/ports.ts'
import type { RegistryClient } from './client.ts'
import { RegistryError, SchemaIncompatibleError } from './registry-error.ts'
import { findFateOfId, type FateOfId } from './schema-identity.ts'

/** Consumers and producers may be upgraded in any order, from any version to any other. */
const COMPATIBILITY = 'FULL_TRANSITIVE'
const RETRY_DELAY_MIN_MS = 250
const RETRY_DELAY_MAX_MS = 5_000
const RECHECK_INTERVAL_MS = 30_000

export interface SubjectSchema {
  readonly subject: string
  /** Text of an Avro schema. */
  readonly schema: string
  /** Of keys: its id is part of what chooses the partition. */
  readonly isOfKeys?: boolean
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
  /** Subjects whose id is kept although the registry does not know it. */
  readonly #unresolved = new Map<string, number>()
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
      const [unresolved] = this.#unresolved
      if (unresolved === undefined) health.reportUp('schemaRegistry')
      else health.reportDegraded('schemaRegistry', describeUnresolved(...unresolved))
      return true
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error
      if (!this.#closing.signal.aborted) health.reportDown('schemaRegistry', error.message)
      return false
    }
  }

  async #agree(subject: SubjectSchema): Promise<void> {
    const { client } = this.#deps
    const found = await client.lookUp(subject.subject, subject.schema)
    const known = this.#schemaIds.get(subject.subject)
    const fate =
      known === undefined || known === found
        ? undefined
        : await findFateOfId(client, known, subject.schema)
    if (fate === 'taken') this.#giveUp(subject)
    await this.#forgetGivenUp(subject)
    // A registry that lost the schema lost the level too.
    if (found === undefined) this.#levelled.delete(subject.subject)
    else await this.#choose(subject, found, fate)
    // Before registering: under a default of NONE the registry would take anything.
    await this.#setLevel(subject.subject)
    if (found === undefined) await this.#choose(subject, await this.#register(subject), fate)
  }

  /** From now until another id is known nothing is encoded. */
  #giveUp({ subject }: SubjectSchema): void {
    const schemaId = this.#schemaIds.get(subject)
    this.#deps.log.warn(
      { subject, schemaId },
      'the Schema Registry gave the schema id to another schema',
    )
    this.#schemaIds.delete(subject)
  }

  /** So that the next start, perhaps without the registry, does not take it up again. */
  async #forgetGivenUp({ subject, schema }: SubjectSchema): Promise<void> {
    const { schemaIds, log } = this.#deps
    if (this.#schemaIds.has(subject) || !this.#saved.has(subject)) return
    try {
      await schemaIds.forgetSchemaId(subject, fingerprintOf(schema))
      this.#saved.delete(subject)
    } catch (error) {
      log.warn({ err: error, subject }, 'the schema id cannot be forgotten')
    }
  }

  /** Between the id that the registry answers and the known one, by what became of that. */
  async #choose(subject: SubjectSchema, found: number, fate: FateOfId | undefined): Promise<void> {
    const known = this.#schemaIds.get(subject.subject)
    const isKept = known !== undefined && (fate === 'ours' || subject.isOfKeys === true)
    const isLost = known !== undefined && known !== found && fate === 'lost'
    if (isLost) this.#noteLoss(subject, known, found)
    if (!isLost || !isKept) this.#unresolved.delete(subject.subject)
    await this.#remember(subject, isKept ? known : found)
  }

  #noteLoss({ subject, isOfKeys = false }: SubjectSchema, known: number, found: number): void {
    if (this.#unresolved.get(subject) === known) return
    if (isOfKeys) this.#unresolved.set(subject, known)
    this.#deps.log.warn(
      { subject, schemaId: isOfKeys ? known : found, lostSchemaId: known },
      'the Schema Registry does not know the schema id any more',
    )
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

function describeUnresolved(subject: string, schemaId: number): string {
  return `The Schema Registry does not know schema id ${schemaId} of subject ${subject}; it is kept, because another id moves orders to other partitions: restore the schemas of the registry with their ids`
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
