import type { PlantedRecord } from './plant-records.ts'
import type { ReadRecord } from './read-topic.ts'

/** Begins the name of every header that a dead letter got. */
export const CONTEXT = '__connect.errors.'

function textOf(bytes: Buffer | null): string | null {
  return bytes?.toString('latin1') ?? null
}

/** Key, value and headers, in the same form for what was planted and what was read. */
export function contentOf(record: PlantedRecord): unknown {
  const { key, value, headers } = record
  return [textOf(key), textOf(value), headers.map((header) => header.map(textOf))]
}

/** What a dead letter was before, and the headers that it got. */
export function openLetter({ record, headers }: ReadRecord): {
  original: unknown
  reason: string[]
} {
  const own = record.headers.filter(([name]) => !String(name).startsWith(CONTEXT))
  const original = contentOf({ ...record, headers: own })
  const names = ['topic', 'partition', 'offset', 'connector.name', 'exception.class.name']
  return { original, reason: names.map((name) => String(headers[`${CONTEXT}${name}`])) }
}
