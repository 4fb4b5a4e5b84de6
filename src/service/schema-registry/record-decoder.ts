import type avro from 'avsc'
import type { Clock } from '../../business/ports.ts'
import { boundedType } from './bounded-avro.ts'
import type { RegistryClient } from './client.ts'
import { RegistryError } from './registry-error.ts'

const WIRE_MAGIC = 0
const HEADER_BYTES = 5

/** Garbage can name any id; a topic has a handful. */
const SCHEMAS_MAX = 1_000

/** Not every record waits for a registry that is away. */
const ASK_AGAIN_AFTER_MS = 2_000

const HEX_BYTES = 16

export type DecodedBytes =
  | { readonly kind: 'decoded'; readonly schemaId: number; readonly value: unknown }
  | {
      readonly kind: 'undecodable'
      /** Where the bytes have one. */
      readonly schemaId: number | undefined
      /** A sentence without its full stop. */
      readonly reason: string
      /** The first bytes, in hexadecimal. */
      readonly hexPrefix: string
    }

/** Never rejects. */
export type DecodeRecord = (bytes: Uint8Array) => Promise<DecodedBytes>

interface KnownSchema {
  readonly type: Promise<avro.Type>
  /** The registry was away: worth another question from then on. */
  askAgainAtMs?: number
}

/**
 * Reads bytes in the wire format of the Schema Registry as their writer meant them: by the schema
 * that the registry has under their id, not by one of ours. Schemas are asked for once.
 */
export function createRecordDecoder(deps: {
  readonly client: Pick<RegistryClient, 'schemaById'>
  readonly clock: Pick<Clock, 'monotonicMs'>
}): DecodeRecord {
  const schemas = new Map<number, KnownSchema>()

  const typeOf = (schemaId: number): Promise<avro.Type> => {
    const nowMs = deps.clock.monotonicMs()
    const known = schemas.get(schemaId)
    if (known !== undefined && nowMs < (known.askAgainAtMs ?? Infinity)) return known.type
    const [oldest] = schemas.keys()
    if (schemas.size >= SCHEMAS_MAX && oldest !== undefined) schemas.delete(oldest)
    const asked: KnownSchema = { type: fetchType(deps.client, schemaId) }
    asked.type.catch((error: unknown) => {
      const isAway = error instanceof RegistryError && error.kind === 'unavailable'
      if (isAway) asked.askAgainAtMs = deps.clock.monotonicMs() + ASK_AGAIN_AFTER_MS
    })
    schemas.set(schemaId, asked)
    return asked.type
  }

  return async (bytes) => {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const isFramed = buffer.length >= HEADER_BYTES && buffer[0] === WIRE_MAGIC
    const schemaId = isFramed ? buffer.readInt32BE(1) : undefined
    try {
      if (schemaId === undefined) throw new Error('not in the wire format of the Schema Registry')
      const type = await typeOf(schemaId)
      const value = type.fromBuffer(buffer.subarray(HEADER_BYTES)) as unknown
      return { kind: 'decoded', schemaId, value }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      const hexPrefix = buffer.subarray(0, HEX_BYTES).toString('hex')
      return { kind: 'undecodable', schemaId, reason, hexPrefix }
    }
  }
}

async function fetchType(
  client: Pick<RegistryClient, 'schemaById'>,
  schemaId: number,
): Promise<avro.Type> {
  const schema = await client.schemaById(schemaId)
  if (schema === undefined) throw new Error(`the registry has no schema ${schemaId}`)
  if (schema.schemaType !== 'AVRO') {
    throw new Error(`schema ${schemaId} is ${schema.schemaType}, and only Avro is read here`)
  }
  if (schema.hasReferences) {
    throw new Error(`schema ${schemaId} refers to other schemas, which are not read here`)
  }
  return boundedType(schema.text)
}
