import type { OrderEvent, RetryKey } from '../../models/order-event.ts'

/** How the life of a change ended. `abandoned`: it is not settled
 * here, because the process closes or another instance has taken over; who takes over settles it. */
export type PublicationEnd = 'settled' | 'discarded' | 'abandoned'

/** One change on its way from reserved to settled or discarded. */
export interface Publication {
  readonly event: OrderEvent
  readonly retryKey: RetryKey | undefined
  /** Its caller was answered "unknown", or is gone with another instance. */
  isInDoubt: boolean
  readonly ended: Promise<PublicationEnd>
}
