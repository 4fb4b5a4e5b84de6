import avro from 'avsc'

/** How avsc hands bytes to its types; not in its typings. */
interface Tap {
  readonly buf: Uint8Array
  pos: number
  readLong(): number
  readString(): string
}

/**
 * The type of a schema, for bytes that may be anything. avsc believes the length that an array or
 * map claims, and notices only at the end that it read beyond the bytes: four wrong ones can keep it
 * busy for hours and fill the memory. These types stop where the bytes stop.
 * Throws where the text is no Avro schema.
 */
export function boundedType(schemaText: string): avro.Type {
  const schema = JSON.parse(schemaText) as avro.Schema
  return avro.Type.forSchema(schema, { typeHook })
}

function typeHook(schema: avro.Schema, options: unknown): avro.Type | undefined {
  if (typeof schema !== 'object' || Array.isArray(schema) || !('type' in schema)) return undefined
  if (schema.type === 'array') return new BoundedArrayType(schema, options)
  if (schema.type === 'map') return new BoundedMapType(schema, options)
  return undefined
}

class BoundedArrayType extends avro.types.ArrayType {
  _read(tap: Tap): unknown[] {
    const items: unknown[] = []
    for (const _ of entriesOf(tap)) items.push(readValue(this.itemsType, tap))
    return items
  }
}

class BoundedMapType extends avro.types.MapType {
  _read(tap: Tap): Record<string, unknown> {
    const entries: Array<[string, unknown]> = []
    for (const _ of entriesOf(tap)) {
      entries.push([tap.readString(), readValue(this.valuesType as avro.Type, tap)])
    }
    return Object.fromEntries(entries)
  }
}

/** Yields before each entry of the blocks that stand at the tap. */
function* entriesOf(tap: Tap): Generator<void> {
  let total = 0
  for (let left = tap.readLong(); left !== 0; left = tap.readLong()) {
    if (left < 0) {
      left = -left
      // The size of the block in bytes, for readers that skip it.
      tap.readLong()
    }
    for (; left > 0; left -= 1) {
      total += 1
      if (tap.pos >= tap.buf.length || total > tap.buf.length) throw new Error('truncated buffer')
      yield
    }
  }
}

function readValue(type: avro.Type, tap: Tap): unknown {
  return (type as unknown as { _read(tap: Tap): unknown })._read(tap)
}
