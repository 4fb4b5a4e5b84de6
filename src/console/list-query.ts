import type { Filters } from './address.ts'
import type { Order } from './order-json.ts'
import type { Matches } from './held-list.ts'

/** The filters as a question to the API, and as a rule for what comes live. The two say the same. */

/** By what a search finds: the API has a field for each. */
export type SearchField = 'orderId' | 'customerId'

export function ordersQuery(filters: Filters, field: SearchField): URLSearchParams {
  const query = new URLSearchParams()
  const { search, status, customer } = filters
  if (search !== '') query.set(field, search)
  if (status !== '') query.set('status', status)
  if (customer !== '') query.set('customerId', customer)
  const { from, to } = instantsOf(filters)
  if (from !== undefined) query.set('from', from)
  if (to !== undefined) query.set('to', to)
  return query
}

export function matcherOf(filters: Filters, field: SearchField): Matches {
  const { search, status, customer } = filters
  const { from, to } = instantsOf(filters)
  return (order: Order) =>
    (search === '' || isFound(order, search, field)) &&
    (status === '' || order.status === status) &&
    (customer === '' || order.customerId === customer) &&
    (from === undefined || order.orderDate >= from) &&
    (to === undefined || order.orderDate < to)
}

function isFound(order: Order, search: string, field: SearchField): boolean {
  return field === 'orderId' ? order.orderId.startsWith(search) : order.customerId === search
}

export function hasFilters({ search, status, customer, from, to }: Filters): boolean {
  return [search, status, customer, from, to].some((text) => text !== '')
}

/** From the first moment of the first day to before the first moment after the last, both in UTC. */
function instantsOf({ from, to }: Filters): { from?: string; to?: string } {
  const first = startOfDay(from, 0)
  const end = startOfDay(to, 1)
  return {
    ...(first !== undefined && { from: first }),
    ...(end !== undefined && { to: end }),
  }
}

/** By the reader's clock. Undefined for a text that is no day. */
function startOfDay(text: string, daysLater: number): string | undefined {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/u.exec(text) ?? []
  const date = new Date(Number(year), Number(month) - 1, Number(day) + daysLater)
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}
