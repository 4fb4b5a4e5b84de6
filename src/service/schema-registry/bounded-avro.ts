import avro from 'avsc'

/** Of one value: records, their fields, and entries of arrays and maps. An order of 100 items has 420. */
const NODES_MAX = 100_000

/** Of what lies within each other; what is deeper overflows the stack when it is printed. */
const DEPTH_MAX = 100

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
 * busy for hours and fill the memory. Nor does it count what takes no bytes: a few of them can stand
 * for millions of empty records. These types stop where the bytes stop, and beyond the bounds.
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
  if (schema.type === 'record' || schema.type === 'error') {
    return new BoundedRecordType(schema, options)
  }
  return undefined
}

class BoundedArrayType extends avro.types.ArrayType {
  _read(tap: Tap): unknown[] {
    const items: unknown[] = []
    return within(tap, 1, () => {
      for (const _ of entriesOf(tap)) items.push(readValue(this.itemsType, tap))
      return items
    })
  }
}

class BoundedMapType extends avro.types.MapType {
  _read(tap: Tap): Record<string, unknown> {
    const entries: Array<[string, unknown]> = []
    return within(tap, 1, () => {
      for (const _ of entriesOf(tap)) {
        entries.push([tap.readString(), readValue(this.valuesType as avro.Type, tap)])
      }
      return Object.fromEntries(entries)
    })
  }
}

type Read = (tap: Tap) => unknown

/** avsc makes the reader of a record by this method, which is not in its typings. */
const RecordType = avro.types.RecordType as unknown as new (
  schema: unknown,
  options: unknown,
) => avro.types.RecordType & { _createReader(): Read }

class BoundedRecordType extends RecordType {
  override _createReader(): Read {
    const read = super._createReader()
    const nodes = 1 + this.fields.length
    return (tap) => within(tap, nodes, () => read(tap))
  }
}

interface Spent {
  nodes: number
  depth: number
}

/** By the tap, which avsc makes anew for each value. */
const spentBy = new WeakMap<Tap, Spent>()

function within<Value>(tap: Tap, nodes: number, read: () => Value): Value {
  const spent = spend(tap, nodes)
  if (spent.depth >= DEPTH_MAX) throw new Error(`nested deeper than ${DEPTH_MAX}`)
  spent.depth += 1
  const value = read()
  spent.depth -= 1
  return value
}

function spend(tap: Tap, nodes: number): Spent {
  const spent = spentBy.get(tap) ?? { nodes: 0, depth: 0 }
  spentBy.set(tap, spent)
  spent.nodes += nodes
  if (spent.nodes > NODES_MAX) throw new Error(`holds more than ${NODES_MAX} values`)
  return spent
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
      spend(tap, 1)
      yield
    }
  }
}

function readValue(type: avro.Type, tap: Tap): unknown {
  return (type as unknown as { _read(tap: Tap): unknown })._read(tap)
}
