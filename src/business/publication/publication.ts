import type { OrderEvent } from '../../models/order-event.ts'

/** How the life of a change ended. `abandoned`: the process closes; the next start settles it. */
export type PublicationEnd = 'settled' | 'discarded' | 'abandoned'

/** One change on its way from reserved to settled or discarded. */
export interface Publication {
  readonly event: OrderEvent
  /** Its caller was answered "unknown", or died with an earlier process. */
  isInDoubt: boolean
  readonly ended: Promise<PublicationEnd>
}
