import type { CommandDrain } from '../command-drain.ts'
import type { DescribeHeaders } from '../ports.ts'
import type { ChangeDeps } from './change-deps.ts'
import { changeOrderStatus } from './change-order-status.ts'
import type { OrderCommands } from './commands.ts'
import { createOrder } from './create-order.ts'
import { getOrder } from './get-order.ts'
import { getOrderEvent } from './get-order-event.ts'
import { listOrderEvents } from './list-order-events.ts'
import { listOrders } from './list-orders.ts'
import type { OrderQueries, ReadDeps } from './queries.ts'

/** The use cases with their needs filled in. A stop waits for the changes. */
export function createCommands(deps: ChangeDeps, drain: CommandDrain): OrderCommands {
  return {
    createOrder: (command) => drain.track(createOrder(deps, command)),
    changeOrderStatus: (command) => drain.track(changeOrderStatus(deps, command)),
  }
}

export function createQueries(
  deps: ReadDeps & { readonly describeHeaders: DescribeHeaders },
): OrderQueries {
  return {
    getOrder: (orderId) => getOrder(deps, orderId),
    listOrders: (query) => listOrders(deps, query),
    listOrderEvents: (...args) => listOrderEvents(deps, ...args),
    getOrderEvent: (...args) => getOrderEvent(deps, ...args),
  }
}
