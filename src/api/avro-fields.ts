/** An Avro schema as the rows of a table, for people. Source: avro.apache.org, "Specification". */

export interface AvroRow {
  /** `items[].price` is the field price of each element of items. */
  readonly path: string
  readonly type: string
  readonly doc: string
  /** As JSON; undefined where the field has none. */
  readonly default: string | undefined
}

type AvroSchema = string | readonly AvroSchema[] | AvroObject

interface AvroObject {
  readonly type: AvroSchema
  readonly name?: string
  readonly logicalType?: string
  readonly fields?: readonly AvroField[]
  readonly items?: AvroSchema
  readonly values?: AvroSchema
  readonly symbols?: readonly string[]
}

interface AvroField {
  readonly name: string
  readonly type: AvroSchema
  readonly doc?: string
  readonly default?: unknown
}

/** The fields of a record, each followed by those of the records within it. */
export function listAvroFields(schema: unknown, prefix = ''): readonly AvroRow[] {
  return (schema as AvroObject).fields?.flatMap((field) => rowsOf(field, prefix)) ?? []
}

function rowsOf(field: AvroField, prefix: string): readonly AvroRow[] {
  const path = `${prefix}${field.name}`
  const row: AvroRow = {
    path,
    type: describeType(field.type),
    doc: field.doc ?? '',
    default: field.default === undefined ? undefined : JSON.stringify(field.default),
  }
  return [row, ...innerRows(field.type, path)]
}

function innerRows(type: AvroSchema, path: string): readonly AvroRow[] {
  if (typeof type === 'string') return []
  if (isUnion(type)) return type.flatMap((branch) => innerRows(branch, path))
  if (type.items !== undefined) return innerRows(type.items, `${path}[]`)
  if (type.values !== undefined) return innerRows(type.values, `${path}{}`)
  if (type.fields !== undefined) return listAvroFields(type, `${path}.`)
  return innerRows(type.type, path)
}

function describeType(type: AvroSchema): string {
  if (typeof type === 'string') return type
  if (isUnion(type)) return type.map(describeType).join(' or ')
  if (type.items !== undefined) return `array of ${describeType(type.items)}`
  if (type.values !== undefined) return `map of ${describeType(type.values)}`
  if (type.symbols !== undefined) return `one of ${type.symbols.join(', ')}`
  if (type.logicalType !== undefined) return `${type.logicalType} (${describeType(type.type)})`
  return type.name ?? describeType(type.type)
}

function isUnion(type: AvroSchema): type is readonly AvroSchema[] {
  return Array.isArray(type)
}
