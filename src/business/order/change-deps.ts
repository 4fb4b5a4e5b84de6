import type { Clock, EventEncoder, IdSource, OrderStore, Random, RetryKeyStore } from '../ports.ts'
import type { EventPublisher } from '../publication/publisher-port.ts'
import type { Publications } from '../publication/confirm-publication.ts'
import type { Lease } from '../publication/lease.ts'
import type { StatusPolicy } from './order-status.ts'

/** The needs of the use cases that change orders. */
export interface ChangeDeps {
  readonly store: OrderStore
  readonly retryKeys: Pick<RetryKeyStore, 'findKeyedChange'>
  readonly publisher: EventPublisher
  readonly publications: Publications
  readonly lease: Pick<Lease, 'isHeld'>
  readonly encoder: EventEncoder
  readonly clock: Clock
  readonly random: Random
  readonly ids: IdSource
  readonly publishTimeoutMs: number
  /** Changes that may be alive here, from before they are stored to their end. */
  readonly pendingEventsMax: number
  readonly statusPolicy: StatusPolicy
  readonly isDraining: () => boolean
}
