import type {
  DiscardResult,
  HandOverResult,
  OrderQuery,
  ReserveResult,
  SettleResult,
  TakeOverChoice,
} from '../../business/ports.ts'
import type { EventPlace } from '../../business/stream/settled-feed.ts'
import type { EventPosition } from '../../models/order-event.ts'
import type {
  EventKey,
  EventRow,
  KeyedChangeRow,
  OrderRow,
  PublishedEventRow,
  PlacedEventRow,
  SettledEventRow,
} from './order-row.ts'

/**
 * A call of the store as plain data, so that it can wait with others for the next batch, and be sent
 * to another thread. `owner` is who the instance was when it called.
 */
export type Operation =
  | { readonly kind: 'join'; readonly owner: string; readonly leaseMs: number }
  | { readonly kind: 'renew-lease'; readonly owner: string; readonly leaseMs: number }
  | { readonly kind: 'leave'; readonly owner: string }
  | { readonly kind: 'reserve'; readonly owner: string; readonly row: EventRow }
  | {
      readonly kind: 'settle'
      readonly owner: string
      readonly key: EventKey
      readonly position: EventPosition
    }
  | { readonly kind: 'discard'; readonly owner: string; readonly key: EventKey }
  | {
      readonly kind: 'take-over'
      readonly owner: string
      readonly limit: number
      readonly choice: TakeOverChoice
    }
  | { readonly kind: 'hand-over'; readonly owner: string; readonly keys: readonly EventKey[] }
  | { readonly kind: 'probe' }
  | {
      readonly kind: 'save-schema-id'
      readonly subject: string
      readonly fingerprint: string
      readonly schemaId: number
    }
  | { readonly kind: 'forget-keys'; readonly ageMs: number; readonly limit: number }
  | { readonly kind: 'find-order'; readonly orderId: string }
  | { readonly kind: 'list-orders'; readonly query: OrderQuery }
  | {
      readonly kind: 'list-events'
      readonly ofOrder: string
      readonly afterVersion: number
      readonly limit: number
    }
  | { readonly kind: 'find-event'; readonly ofOrder: string; readonly version: number }
  | { readonly kind: 'list-settled'; readonly after: EventPlace; readonly limit: number }
  | { readonly kind: 'find-last-place' }
  | { readonly kind: 'find-keyed-change'; readonly idempotencyKey: string }
  | { readonly kind: 'list-pending'; readonly limit: number }
  | { readonly kind: 'find-schema-id'; readonly subject: string; readonly fingerprint: string }

/** What an operation that was carried out returns. */
export interface OperationValues {
  readonly join: true
  /** False: taken over from. */
  readonly 'renew-lease': boolean
  readonly leave: true
  readonly reserve: ReserveResult | 'taken-over-from'
  readonly settle: SettleResult
  readonly discard: DiscardResult
  readonly 'take-over': readonly EventRow[]
  readonly 'hand-over': HandOverResult
  readonly probe: true
  readonly 'save-schema-id': true
  /** How many. */
  readonly 'forget-keys': number
  readonly 'find-order': OrderRow | undefined
  readonly 'list-orders': readonly OrderRow[]
  readonly 'list-events': readonly SettledEventRow[]
  readonly 'find-event': PublishedEventRow | undefined
  readonly 'list-settled': readonly PlacedEventRow[]
  readonly 'find-last-place': EventPlace | undefined
  readonly 'find-keyed-change': KeyedChangeRow | undefined
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
