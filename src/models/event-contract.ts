import type { OrderEventType } from './order-event.ts'

/**
 * What others may rely on about the events, as data: the code that writes events makes it, and the
 * documents about events are made of it, so that the two cannot part.
 */
export interface EventContract {
  readonly topic: string
  readonly keyFormat: 'string' | 'avro'
  /** Of the Schema Registry. */
  readonly valueSubject: string
  /** Undefined where the key is plain text. */
  readonly keySubject: string | undefined
  /** The Avro schema of the value, as its file has it, byte for byte. */
  readonly valueSchemaText: string
  readonly kinds: readonly EventKind[]
}

export interface EventKind {
  readonly type: OrderEventType
  readonly headers: readonly HeaderRule[]
  readonly example: EventExample
}

/** One header of an event. */
export interface HeaderRule {
  readonly name: string
  /** No sentence: begins small and has no full stop. */
  readonly description: string
  readonly isRequired: boolean
  /** JSON Schema of the text. */
  readonly schema: {
    readonly type: 'string'
    readonly const?: string
    readonly enum?: readonly string[]
    readonly format?: 'uuid' | 'date-time'
    readonly pattern?: string
  }
}

/** An event as a consumer sees it once it has decoded the value. */
export interface EventExample {
  readonly key: string
  readonly headers: Readonly<Record<string, string>>
  readonly payload: object
}
