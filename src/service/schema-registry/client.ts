import { randomUUID } from 'node:crypto'
import { RegistryError } from './registry-error.ts'
import {
  createAskRegistry,
  fieldOf,
  isUnwelcome,
  type RegistryAnswer,
  type RegistryHttpOptions,
} from './registry-http.ts'
import { shortReasons } from './registry-words.ts'

/** Error codes of the Confluent Schema Registry API. */
const SUBJECT_NOT_FOUND = 40401
const SCHEMA_NOT_FOUND = 40403
const SUBJECT_HAS_NO_COMPATIBILITY = 40408

const SCHEMA_ID_MAX = 2 ** 31 - 1

export interface Compatibility {
  readonly isCompatible: boolean
  /** A short sentence each; Apicurio gives none. */
  readonly reasons: readonly string[]
}

export interface RegisteredSchema {
  /** As it was registered. */
  readonly text: string
  /** AVRO, JSON or PROTOBUF. */
  readonly schemaType: string
  /** Its text alone is not the whole schema. */
  readonly hasReferences: boolean
}

export interface VersionedSchema {
  readonly schemaId: number
  readonly text: string
}

/** What the registry said to a schema: its id, or why it will not take it. */
export type RegisterResult =
  | { readonly kind: 'registered'; readonly schemaId: number }
  | { readonly kind: 'incompatible'; readonly reason: string }

/**
 * The part of the Confluent Schema Registry API that a producer needs. Schemas are texts of Avro
 * schemas, compared in their normal form. Every method rejects with {@link RegistryError}.
 * Source: docs.confluent.io, "Schema Registry API Reference".
 */
export interface RegistryClient {
  /** The id of this schema under the subject; undefined when it is not registered there. */
  lookUp(subject: string, schema: string): Promise<number | undefined>
  /** Undefined when the registry has no such id. */
  schemaById(schemaId: number): Promise<RegisteredSchema | undefined>
  /** Registering what is registered answers its id again. */
  register(subject: string, schema: string): Promise<RegisterResult>
  /** Against every version of the subject that its compatibility level asks for. */
  checkCompatibility(subject: string, schema: string): Promise<Compatibility>
  /** The versions of the subject, from the first on; none where it is not known. */
  listVersions(subject: string): Promise<readonly number[]>
  schemaOfVersion(subject: string, version: number): Promise<VersionedSchema>
  /** Against this one version, by the compatibility level of the subject. */
  checkVersion(subject: string, version: number, schema: string): Promise<Compatibility>
  /** The subject's own level; undefined where the registry's default holds. */
  getSubjectCompatibility(subject: string): Promise<string | undefined>
  setSubjectCompatibility(subject: string, level: string): Promise<void>
  /** Ends the waits of questions under way; later ones are refused. Idempotent. */
  close(): void
}

export function createRegistryClient(options: RegistryHttpOptions): RegistryClient {
  const closing = new AbortController()
  const ask = createAskRegistry(options, closing.signal)
  const askConfig = (subject: string) => ask('GET', `/config/${encodeURIComponent(subject)}`)

  /** What else comes than the answers a caller expects. */
  const refusal = ({ status, message, shown }: RegistryAnswer, question: string): RegistryError => {
    const hint = status === 404 ? '; is SCHEMA_REGISTRY_URL the address of its API?' : ''
    const credential = isUnwelcome(status) ? `; it was shown ${shown}` : ''
    const detail = message === '' ? '' : `: ${message}`
    const text = `Schema Registry at ${options.baseUrl} answered ${status} when asked to ${question}${detail}${hint}${credential}`
    return new RegistryError('rejected', text, { status })
  }

  const schemaIdOf = (answer: RegistryAnswer, question: string): number => {
    const schemaId = fieldOf(answer.body, 'id')
    if (isSchemaId(schemaId)) return schemaId
    throw misunderstood(options.baseUrl, question, 'a schema id')
  }

  const compatibilityOf = (answer: RegistryAnswer, question: string): Compatibility => {
    const isCompatible = fieldOf(answer.body, 'is_compatible')
    if (typeof isCompatible === 'boolean') return { isCompatible, reasons: reasonsOf(answer) }
    throw misunderstood(options.baseUrl, question, 'true or false')
  }

  return {
    async lookUp(subject, schema) {
      const question = `look up the schema of subject ${subject}`
      const path = `/subjects/${encodeURIComponent(subject)}?normalize=true`
      const answer = await ask('POST', path, { schema })
      if (isOk(answer)) return schemaIdOf(answer, question)
      if (answer.errorCode === SUBJECT_NOT_FOUND || answer.errorCode === SCHEMA_NOT_FOUND) {
        return undefined
      }
      throw refusal(answer, question)
    },

    async schemaById(schemaId) {
      const question = `tell schema ${schemaId}`
      const answer = await ask('GET', `/schemas/ids/${schemaId}`)
      if (answer.status === 404) return undefined
      if (!isOk(answer)) throw refusal(answer, question)
      const text = fieldOf(answer.body, 'schema')
      if (typeof text !== 'string') throw misunderstood(options.baseUrl, question, 'a schema')
      const schemaType = fieldOf(answer.body, 'schemaType')
      const references = fieldOf(answer.body, 'references')
      return {
        text,
        // Left out of the answer where it is the default.
        schemaType: typeof schemaType === 'string' ? schemaType : 'AVRO',
        hasReferences: Array.isArray(references) && references.length > 0,
      }
    },

    async register(subject, schema) {
      const question = `register the schema of subject ${subject}`
      const path = `/subjects/${encodeURIComponent(subject)}/versions?normalize=true`
      const answer = await ask('POST', path, { schema })
      if (isOk(answer)) return { kind: 'registered', schemaId: schemaIdOf(answer, question) }
      if (answer.status === 409) return { kind: 'incompatible', reason: answer.message }
      throw refusal(answer, question)
    },

    async checkCompatibility(subject, schema) {
      const question = `check the schema of subject ${subject}`
      const path = `/compatibility/subjects/${encodeURIComponent(subject)}/versions?verbose=true&normalize=true`
      const answer = await ask('POST', path, { schema })
      // 404: no versions to break. 405: Redpanda and others check against single versions only;
      // registering checks as well.
      if (answer.status === 404 || answer.status === 405) return { isCompatible: true, reasons: [] }
      if (!isOk(answer)) throw refusal(answer, question)
      return compatibilityOf(answer, question)
    },

    async listVersions(subject) {
      const question = `list the versions of subject ${subject}`
      const answer = await ask('GET', `/subjects/${encodeURIComponent(subject)}/versions`)
      if (answer.status === 404) return []
      if (!isOk(answer)) throw refusal(answer, question)
      if (Array.isArray(answer.body) && answer.body.every(Number.isInteger)) {
        return answer.body.map(Number).toSorted((one, other) => one - other)
      }
      throw misunderstood(options.baseUrl, question, 'a list of numbers')
    },

    async schemaOfVersion(subject, version) {
      const question = `tell version ${version} of subject ${subject}`
      const path = `/subjects/${encodeURIComponent(subject)}/versions/${version}`
      const answer = await ask('GET', path)
      if (!isOk(answer)) throw refusal(answer, question)
      const text = fieldOf(answer.body, 'schema')
      if (typeof text !== 'string') throw misunderstood(options.baseUrl, question, 'a schema')
      return { schemaId: schemaIdOf(answer, question), text }
    },

    async checkVersion(subject, version, schema) {
      const question = `check the schema against version ${version} of subject ${subject}`
      const path = `/compatibility/subjects/${encodeURIComponent(subject)}/versions/${version}?verbose=true&normalize=true`
      const answer = await ask('POST', path, { schema })
      if (!isOk(answer)) throw refusal(answer, question)
      return compatibilityOf(answer, question)
    },

    async getSubjectCompatibility(subject) {
      const question = `tell the compatibility of subject ${subject}`
      const answer = await askConfig(subject)
      if (isWithoutLevel(answer)) return undefined
      if (!isOk(answer)) throw refusal(answer, question)
      const level = fieldOf(answer.body, 'compatibilityLevel')
      // Confluent leaves the level out where only other settings of the subject are its own.
      if (level === undefined || level === null) return undefined
      if (typeof level !== 'string') throw misunderstood(options.baseUrl, question, 'a level')
      if (level !== 'NONE') return level
      // Apicurio also says NONE of a subject without a level of its own, where others say 40408.
      const unused = await askConfig(`${subject}-${randomUUID()}`)
      return unused.errorCode === SUBJECT_HAS_NO_COMPATIBILITY ? level : undefined
    },

    async setSubjectCompatibility(subject, level) {
      const path = `/config/${encodeURIComponent(subject)}`
      const answer = await ask('PUT', path, { compatibility: level })
      if (!isOk(answer)) throw refusal(answer, `set the compatibility of subject ${subject}`)
    },

    close() {
      closing.abort()
    },
  }
}

function isOk({ status }: RegistryAnswer): boolean {
  return status < 300
}

/** Registries older than 40408 say that the subject is missing. */
function isWithoutLevel({ errorCode }: RegistryAnswer): boolean {
  return errorCode === SUBJECT_HAS_NO_COMPATIBILITY || errorCode === SUBJECT_NOT_FOUND
}

/** The wire format has four bytes for it. */
function isSchemaId(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= SCHEMA_ID_MAX
}

function reasonsOf(answer: RegistryAnswer): readonly string[] {
  const messages = fieldOf(answer.body, 'messages')
  if (!Array.isArray(messages)) return []
  return shortReasons(messages.filter((message) => typeof message === 'string'))
}

function misunderstood(baseUrl: string, question: string, expected: string): RegistryError {
  const text = `Schema Registry at ${baseUrl} was asked to ${question} and did not answer with ${expected}`
  return new RegistryError('unavailable', text)
}
