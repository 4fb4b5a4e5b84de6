import type { PublishedEvent } from '../../models/order-event.ts'
import type { OrderId } from '../../models/order.ts'
import type {
  Clock,
  EventHeader,
  OrderQuery,
  OrderReader,
  OrderStore,
  SettledEvent,
  SettledOrder,
} from '../ports.ts'

/** The needs of the use cases that read. */
export interface ReadDeps {
  readonly store: Pick<OrderStore, 'findOrder'>
  readonly reader: OrderReader
  readonly clock: Clock
  readonly publishTimeoutMs: number
}

/** All that a record on the topic is made of. */
export interface DescribedEvent extends PublishedEvent {
  readonly headers: readonly EventHeader[]
}

/** The use cases that read. Settled state only: no change that may vanish is ever seen. */
export interface OrderQueries {
  getOrder(orderId: OrderId): Promise<SettledOrder>
  listOrders(query: OrderQuery): Promise<readonly SettledOrder[]>
  listOrderEvents(
    orderId: OrderId,
    afterVersion: number,
    limit: number,
  ): Promise<readonly SettledEvent[]>
  getOrderEvent(orderId: OrderId, version: number): Promise<DescribedEvent>
}
