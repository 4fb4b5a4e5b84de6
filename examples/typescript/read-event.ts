import avro from 'avsc'
import type { Order, OrderEvent } from './order-state.ts'

/**
 * From a message to an order event. There is no schema in this program: every value names its own by
 * id, and the Schema Registry has it.
 */

/** A record without a value, by which the service says that the order was erased. */
export interface Tombstone {
  readonly erasedOrderId: string
}

/** The fault of the message: reading it again will not help. Anything else that is thrown may pass. */
export class UnusableEvent extends Error {}
export class InvalidHeaders extends UnusableEvent {}
export class InvalidFrame extends UnusableEvent {}
export class UnknownSchema extends UnusableEvent {}
export class InvalidValue extends UnusableEvent {}

/** What is needed of a Kafka message. A header, a key or a value may be null there. */
interface Message {
  readonly value: Buffer | null | undefined
  readonly headerEntries: ReadonlyArray<readonly [Buffer | null, Buffer | null]>
}

const WIRE_MAGIC = 0
const FRAME_BYTES = 5
/** More digits than that are no version of ours. */
const SEQUENCE = /^\d{1,15}$/
/** `ce_type` of a tombstone. */
const ERASED_TYPE = 'com.ecommerce.order.erased'
/** Error code of the Schema Registry API. */
const SCHEMA_NOT_FOUND = 40403
const REGISTRY_TIMEOUT_MS = 10_000

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The function rejects with {@link UnusableEvent} where the message is to blame. */
export function createReadEvent(
  registryUrl: string,
): (message: Message) => Promise<OrderEvent | Tombstone> {
  const types = new Map<number, avro.Type>()

  const typeOf = async (schemaId: number): Promise<avro.Type> => {
    const known = types.get(schemaId)
    if (known !== undefined) return known
    const type = parseSchema(await fetchSchema(registryUrl, schemaId), schemaId)
    types.set(schemaId, type)
    return type
  }

  return async ({ value, headerEntries }) => {
    const headers = new Map(headerEntries.map(([name, bytes]) => [String(name), bytes]))
    if ((value ?? undefined) === undefined && String(headers.get('ce_type')) === ERASED_TYPE) {
      return { erasedOrderId: readText(headers, 'ce_subject') }
    }
    const id = readText(headers, 'ce_id')
    const sequence = readSequence(readText(headers, 'ce_sequence'))
    const orderId = readText(headers, 'ce_subject')

    if (value === null || value === undefined) throw new InvalidFrame('there is no value')
    if (value.length <= FRAME_BYTES || value[0] !== WIRE_MAGIC) {
      throw new InvalidFrame('the value is not in the wire format of the Schema Registry')
    }
    const type = await typeOf(value.readInt32BE(1))
    const order = decode(type, value.subarray(FRAME_BYTES))
    if (order.orderId !== orderId) {
      throw new InvalidValue(`ce_subject is ${orderId}, the value is of ${order.orderId}`)
    }
    return { id, sequence, order }
  }
}

function readText(headers: ReadonlyMap<string, Buffer | null>, name: string): string {
  const bytes = headers.get(name) ?? undefined
  if (bytes === undefined) throw new InvalidHeaders(`there is no ${name}`)
  try {
    return utf8.decode(bytes)
  } catch (error) {
    throw new InvalidHeaders(`${name} is not text`, { cause: error })
  }
}

function readSequence(text: string): number {
  const sequence = SEQUENCE.test(text) ? Number(text) : 0
  if (sequence < 1) throw new InvalidHeaders(`ce_sequence is ${text}`)
  return sequence
}

/**
 * Only the registry's own "no such schema" is the fault of the message. A registry that is away, or
 * the page of a proxy in front of it, would else send good events to the dead letters.
 */
async function fetchSchema(registryUrl: string, schemaId: number): Promise<string> {
  const response = await fetch(`${registryUrl}/schemas/ids/${schemaId}`, {
    signal: AbortSignal.timeout(REGISTRY_TIMEOUT_MS),
  })
  const answer = (await response.json()) as { schema?: string; error_code?: number }
  if (answer.error_code === SCHEMA_NOT_FOUND) {
    throw new UnknownSchema(`the Schema Registry has no schema ${schemaId}`)
  }
  if (!response.ok || answer.schema === undefined) {
    throw new Error(`the Schema Registry answered ${response.status} when asked for a schema`)
  }
  return answer.schema
}

function parseSchema(text: string, schemaId: number): avro.Type {
  try {
    return avro.Type.forSchema(JSON.parse(text) as avro.Schema)
  } catch (error) {
    throw new InvalidValue(`schema ${schemaId} is not of Avro`, { cause: error })
  }
}

/** Throws as well where bytes are left over. */
function decode(type: avro.Type, bytes: Buffer): Order {
  let value: unknown
  try {
    value = type.fromBuffer(bytes)
  } catch (error) {
    throw new InvalidValue(`the value does not fit its schema: ${String(error)}`, { cause: error })
  }
  if (!isOrder(value)) throw new InvalidValue('the value is not an order')
  return value
}

function isOrder(value: unknown): value is Order {
  if (typeof value !== 'object' || value === null) return false
  const { orderId, status } = value as Partial<Record<keyof Order, unknown>>
  return typeof orderId === 'string' && typeof status === 'string'
}
