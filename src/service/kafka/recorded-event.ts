import type { RecordBytes } from './record-cursor.ts'

/** What the headers of a record say of an event of this service. */
export interface RecordedEvent {
  readonly eventId: string
  readonly orderId: string
  readonly version: number
  /** `ce_time` as it is. */
  readonly time: string
  readonly traceparent: string | undefined
  /** Whose request caused it, as kind:id. */
  readonly principal: string | undefined
}

export const EVENT_SOURCE = '/cart-service'

const SEQUENCE = /^\d{10}$/

/** Undefined where the record is not one of this service: others may write to the topic. */
export function readRecordedEvent({ headers }: RecordBytes): RecordedEvent | undefined {
  const texts = new Map(
    headers.map(([name, value]) => [name.toString(), value === null ? '' : value.toString()]),
  )
  const sequence = texts.get('ce_sequence') ?? ''
  if (texts.get('ce_source') !== EVENT_SOURCE || !SEQUENCE.test(sequence)) return undefined
  const [eventId, orderId, time] = ['ce_id', 'ce_subject', 'ce_time'].map((name) => texts.get(name))
  if (eventId === undefined || orderId === undefined || time === undefined) return undefined
  const version = Number(sequence)
  if (version < 1) return undefined
  const [kind, id] = [texts.get('ce_authtype'), texts.get('ce_authid')]
  const principal = kind === undefined || id === undefined ? undefined : `${kind}:${id}`
  return { eventId, orderId, version, time, traceparent: texts.get('traceparent'), principal }
}
