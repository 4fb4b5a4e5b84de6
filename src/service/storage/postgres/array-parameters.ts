/**
 * Arrays as parameters in PostgreSQL's binary form, one for each column of the rows: the server takes
 * them as they are, where it would parse JSON, and bytes travel as bytes.
 * Source: `array_recv` of the server's `arrayfuncs.c`, and the `…recv` of each type.
 */

export type ElementType = 'text' | 'integer' | 'bigint' | 'bytea'

export type Element = string | number | Uint8Array | null

/** The numbers of the types in every server: `pg_type.dat`. */
const TYPE_IDS: Readonly<Record<ElementType, number>> = {
  bytea: 17,
  bigint: 20,
  integer: 23,
  text: 25,
}

/** Dimensions, whether there are nulls, type, length and first index of the one dimension. */
const HEADER_BYTES = 20
const LENGTH_BYTES = 4
const NULL_LENGTH = -1
const HAS_NULLS = 1
const INTEGER_BYTES = 4
const BIGINT_BYTES = 8

/** An array of a value of each row. Numbers are safe integers. */
export function toArrayParameter<Row>(
  type: ElementType,
  rows: readonly Row[],
  valueOf: (row: Row) => Element,
): Buffer {
  const elements = rows.map(valueOf)
  let bytes = HEADER_BYTES
  for (const element of elements) bytes += LENGTH_BYTES + sizeOf(type, element)
  const array = Buffer.allocUnsafe(bytes)
  const flags = elements.includes(null) ? HAS_NULLS : 0
  let at = 0
  for (const field of [1, flags, TYPE_IDS[type], elements.length, 1]) {
    at = array.writeInt32BE(field, at)
  }
  for (const element of elements) {
    const size = sizeOf(type, element)
    at = array.writeInt32BE(element === null ? NULL_LENGTH : size, at)
    if (element !== null) write(array, type, element, at)
    at += size
  }
  return array
}

function sizeOf(type: ElementType, element: Element): number {
  if (element === null) return 0
  if (typeof element === 'string') return Buffer.byteLength(element)
  if (typeof element === 'number') return type === 'integer' ? INTEGER_BYTES : BIGINT_BYTES
  return element.length
}

function write(array: Buffer, type: ElementType, element: NonNullable<Element>, at: number): void {
  if (typeof element === 'string') array.write(element, at)
  else if (typeof element !== 'number') array.set(element, at)
  else if (type === 'integer') array.writeInt32BE(element, at)
  else array.writeBigInt64BE(BigInt(element), at)
}
