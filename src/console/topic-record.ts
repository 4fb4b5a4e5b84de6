/** A record on a topic as the views show it, whether it came live or was read. */
export interface TopicRecord {
  readonly partition: number
  readonly offset: number
  /** ISO 8601; null: it has none. */
  readonly time: string | null
  readonly key: string | null
  /** `created`, `status changed`; empty for what is no event of an order. */
  readonly happened: string
  readonly status: string
  readonly version: number | undefined
  /** Undefined where the record itself was not read. */
  readonly read?: ReadRecord
}

/** As `cart listen --json` prints it. */
export interface ReadRecord {
  readonly key: string | null
  readonly partition: number
  readonly offset: number
  readonly timestamp: string | null
  readonly headers: Readonly<Record<string, string | null>>
  readonly schemaId?: number
  readonly value?: unknown
  readonly problem?: { readonly reason: string; readonly hexPrefix: string }
}

export function placeOf({ partition, offset }: TopicRecord): string {
  return `${partition}@${offset}`
}

export function fromRead(read: ReadRecord): TopicRecord {
  const { partition, offset, timestamp, key, headers, value } = read
  const sequence = Number(headers['ce_sequence'] ?? Number.NaN)
  return {
    partition,
    offset,
    time: timestamp,
    key,
    happened: happenedOf(headers['ce_type'] ?? ''),
    status: statusOf(value),
    version: Number.isSafeInteger(sequence) ? sequence : undefined,
    read,
  }
}

/** Of the type of an event. */
export function happenedOf(type: string): string {
  return type.slice(type.lastIndexOf('.') + 1).replaceAll('-', ' ')
}

function statusOf(value: unknown): string {
  const { status } = (value ?? {}) as { readonly status?: unknown }
  return typeof status === 'string' ? status : ''
}
