import type { ReserveResult } from '../../../business/ports.ts'
import type { EventPosition } from '../../../models/order-event.ts'
import type { EventKey, EventRow, OrderRow } from './order-row.ts'

/** A call of the store as plain data, so that it can be queued and sent to another thread. */
export type Operation = WriteOperation | ReadOperation

export type WriteOperation =
  | { readonly kind: 'reserve'; readonly row: EventRow }
  | { readonly kind: 'settle'; readonly key: EventKey; readonly position: EventPosition }
  | { readonly kind: 'discard'; readonly key: EventKey }
  | { readonly kind: 'probe' }
  | {
      readonly kind: 'save-schema-id'
      readonly subject: string
      readonly fingerprint: string
      readonly schemaId: number
    }

export type ReadOperation =
  | { readonly kind: 'find-order'; readonly orderId: string }
  | { readonly kind: 'list-pending'; readonly limit: number }
  | { readonly kind: 'find-schema-id'; readonly subject: string; readonly fingerprint: string }

/** What an operation that was carried out returns. */
export interface OperationValues {
  readonly reserve: ReserveResult
  readonly settle: boolean
  readonly discard: boolean
  readonly probe: true
  readonly 'save-schema-id': true
  readonly 'find-order': OrderRow | undefined
  readonly 'list-pending': readonly EventRow[]
  readonly 'find-schema-id': number | undefined
}

/** The store could not do its work; becomes a StoreError. */
export interface Failure {
  readonly kind: 'failed'
  readonly message: string
  readonly isApplied: 'no' | 'unknown'
}

export type OperationResult =
  | { readonly kind: 'value'; readonly value: OperationValues[Operation['kind']] }
  | Failure
  /** Our mistake in this one operation; nothing of it was written. */
  | { readonly kind: 'bug'; readonly error: unknown }

const IS_READ = {
  reserve: false,
  settle: false,
  discard: false,
  probe: false,
  'save-schema-id': false,
  'find-order': true,
  'list-pending': true,
  'find-schema-id': true,
} as const satisfies Record<Operation['kind'], boolean>

export function isRead(operation: Operation): operation is ReadOperation {
  return IS_READ[operation.kind]
}

export function isWrite(operation: Operation): operation is WriteOperation {
  return !IS_READ[operation.kind]
}
