import { readFileSync } from 'node:fs'
import avro from 'avsc'
import { isCurrency, toMajor, toMinor } from '../../models/money.ts'
import { isOrderId, ORDER_STATUSES, type Order, type OrderStatus } from '../../models/order.ts'

/**
 * Order ⇄ Avro in the wire format of the Schema Registry: byte 0, the schema id as a big-endian
 * int32, Avro binary. Source: docs.confluent.io, "Wire format".
 */
const WIRE_MAGIC = 0
const HEADER_BYTES = 5
/** Holds every key and an order of about 400 items; a larger one makes it grow to its own size. */
const SCRATCH_BYTES = 16 * 1024

/** schemas/order.avsc as it is. */
export const orderSchemaFile = readFileSync(
  new URL('../../../schemas/order.avsc', import.meta.url),
  'utf8',
)

/**
 * The texts that are registered, byte for byte as Java's Avro prints a schema: without layout, its
 * attributes in the order that the file has, a primitive as its name alone. A registry that compares
 * texts would otherwise not find the schema for a client that has Java's text, or give it a second id.
 */
export const orderSchemaText = JSON.stringify(JSON.parse(orderSchemaFile))

export const keySchemaText = '"string"'

/** As the schema has it. */
interface OrderRecord {
  readonly orderId: string
  readonly customerId: string
  readonly orderDate: string
  readonly items: ReadonlyArray<{
    readonly itemId: string
    readonly quantity: number
    readonly price: number
  }>
  readonly totalAmount: number
  readonly currency: string
  readonly status: string
}

const orderType = avro.Type.forSchema(JSON.parse(orderSchemaText) as avro.Schema)
const keyType = avro.Type.forSchema('string')

let scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES)

/** The key as `KAFKA_KEY_FORMAT=string` has it: UTF-8 and nothing else. */
export function encodeKey(orderId: string): Uint8Array {
  return copyOfScratch(scratch.write(orderId))
}

/** The framed value of an event. */
export function encodeOrder(order: Order, schemaId: number): Uint8Array {
  return frame(orderType, toOrderRecord(order), schemaId)
}

/** The framed key that the Python service writes (`KAFKA_KEY_FORMAT=avro`). */
export function encodeAvroKey(orderId: string, schemaId: number): Uint8Array {
  return frame(keyType, orderId, schemaId)
}

/**
 * What {@link encodeOrder} wrote, by whatever schema id. Throws where the bytes are not framed, are
 * cut short or too long, or hold no order of ours; bytes of another schema may fail in either way.
 */
export function decodeOrder(bytes: Uint8Array): { schemaId: number; order: Order } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (buffer.length <= HEADER_BYTES || buffer[0] !== WIRE_MAGIC) {
    throw new Error('the value is not in the wire format of the Schema Registry')
  }
  const record = orderType.fromBuffer(buffer.subarray(HEADER_BYTES)) as OrderRecord
  return { schemaId: buffer.readInt32BE(1), order: orderOf(record) }
}

/** Written into one reused buffer first, because the length is known only afterwards. */
function frame(type: avro.Type, value: unknown, schemaId: number): Uint8Array {
  let end = type.encode(value, scratch, HEADER_BYTES)
  if (end < 0) {
    // Minus the number of bytes that were missing.
    scratch = Buffer.allocUnsafeSlow(scratch.length - end)
    end = type.encode(value, scratch, HEADER_BYTES)
  }
  scratch[0] = WIRE_MAGIC
  scratch.writeInt32BE(schemaId, 1)
  return copyOfScratch(end)
}

/**
 * Bytes with memory of their own. A Buffer would share eight kilobytes with others: a pending event
 * would hold on to all of them, and posting it to another thread would copy them.
 */
function copyOfScratch(end: number): Uint8Array {
  return new Uint8Array(scratch.subarray(0, end))
}

/** The order as the schema has it: what a consumer gets when it decodes the value. */
export function toOrderRecord(order: Order): OrderRecord {
  const { currency } = order
  return {
    orderId: order.orderId,
    customerId: order.customerId,
    orderDate: order.orderDate,
    items: order.items.map(({ itemId, quantity, priceMinor }) => ({
      itemId,
      quantity,
      price: toMajor(priceMinor, currency),
    })),
    totalAmount: toMajor(order.totalMinor, currency),
    currency,
    status: order.status,
  }
}

function orderOf(record: OrderRecord): Order {
  const { orderId, currency, status } = record
  if (!isOrderId(orderId)) throw new Error('the value has no usable order id')
  if (!isCurrency(currency)) throw new Error(`the value has the unknown currency ${currency}`)
  if (!isOrderStatus(status)) throw new Error(`the value has the unknown status ${status}`)
  return {
    orderId,
    customerId: record.customerId,
    orderDate: record.orderDate,
    items: record.items.map(({ itemId, quantity, price }) => ({
      itemId,
      quantity,
      priceMinor: toMinor(price, currency),
    })),
    totalMinor: toMinor(record.totalAmount, currency),
    currency,
    status,
  }
}

function isOrderStatus(value: string): value is OrderStatus {
  return ORDER_STATUSES.some((status) => status === value)
}
