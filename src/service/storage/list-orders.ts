import type { OrderQuery } from '../../business/ports.ts'

export interface ListOrdersStatement {
  readonly text: string
  readonly parameters: readonly (string | number)[]
}

/**
 * The statement for a list of orders, in the SQL that both databases speak. One text for each set of
 * filters, so that each has a plan of its own: an index that begins with what is asked for and goes on
 * in the order of the list. `placeholder` names the parameter of a number, from 1.
 */
export function listOrdersStatement(
  query: OrderQuery,
  placeholder: (number: number) => string,
): ListOrdersStatement {
  const { customerId, status, from, to, after, limit } = query
  const parameters: (string | number)[] = []
  const bind = (value: string | number): string => placeholder(parameters.push(value))
  const conditions = ['TRUE']
  if (customerId !== undefined) conditions.push(`customer_id = ${bind(customerId)}`)
  if (status !== undefined) {
    // Of one customer there are few orders: as an expression it keeps the index of statuses out.
    const column = customerId === undefined ? 'status' : "status || ''"
    conditions.push(`${column} = ${bind(status)}`)
  }
  if (from !== undefined) conditions.push(`order_date >= ${bind(from)}`)
  if (to !== undefined) conditions.push(`order_date < ${bind(to)}`)
  if (after !== undefined) {
    conditions.push(`(order_date, order_id) < (${bind(after.orderDate)}, ${bind(after.orderId)})`)
  }
  const text = `
    SELECT page.version, order_events.state
    FROM (SELECT order_id, version, order_date FROM orders
          WHERE ${conditions.join(' AND ')}
          ORDER BY order_date DESC, order_id DESC
          LIMIT ${bind(limit)}) AS page
    JOIN order_events ON order_events.order_id = page.order_id
                     AND order_events.version = page.version
    ORDER BY page.order_date DESC, page.order_id DESC`
  return { text, parameters }
}
