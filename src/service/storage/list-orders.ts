import type { OrderQuery } from '../../business/ports.ts'
import { toMilliseconds } from './order-state.ts'

export interface ReadStatement {
  readonly text: string
  readonly parameters: readonly (string | number)[]
}

/** In what the databases differ. */
export interface Dialect {
  /** Names the parameter of a number, from 1. */
  readonly placeholder: (number: number) => string
  /** The column of both tables that says with `version` which event an order is. */
  readonly orderColumn: string
}

/**
 * So many orders are found by their ids and sorted by date, in some hundredths of a second. Where more
 * ids begin alike, a page of them is soon found among the orders by date.
 */
const FOUND_BY_ID_MAX = 50_000

/**
 * How many orders have ids that begin so, counted to one more than are to be found by their ids.
 * Undefined where another filter finds them.
 */
export function countByIdStatement(
  { orderIdPrefix, customerId }: OrderQuery,
  { placeholder }: Dialect,
): ReadStatement | undefined {
  if (orderIdPrefix === undefined || customerId !== undefined) return undefined
  const parameters: (string | number)[] = []
  const bind = (value: string | number): string => placeholder(parameters.push(value))
  const text = `
    SELECT CAST(count(*) AS integer) AS "count"
    FROM (SELECT 1 FROM orders
          WHERE ${beginsWith('order_id', orderIdPrefix, bind)}
          LIMIT ${bind(FOUND_BY_ID_MAX + 1)}) AS found`
  return { text, parameters }
}

export function areFoundById(count: number | undefined): boolean {
  return count !== undefined && count <= FOUND_BY_ID_MAX
}

/**
 * The statement for a list of orders, in the SQL that both databases speak. One text for each set of
 * filters, so that each has a plan of its own: an index that begins with what is asked for and goes on
 * in the order of the list, or, `byId`, the index of ids. A column that is an expression keeps its
 * index out.
 */
export function listOrdersStatement(
  query: OrderQuery,
  { placeholder, orderColumn }: Dialect,
  byId = false,
): ReadStatement {
  const { orderIdPrefix, customerId, status, from, to, after, limit } = query
  const parameters: (string | number)[] = []
  const bind = (value: string | number): string => placeholder(parameters.push(value))
  const date = byId ? 'order_date + 0' : 'order_date'
  const conditions = ['TRUE']
  if (orderIdPrefix !== undefined) {
    conditions.push(beginsWith(byId ? 'order_id' : "order_id || ''", orderIdPrefix, bind))
  }
  if (customerId !== undefined) conditions.push(`customer_id = ${bind(customerId)}`)
  if (status !== undefined) {
    // Of one customer there are few orders.
    const column = byId || customerId !== undefined ? "status || ''" : 'status'
    conditions.push(`${column} = ${bind(status)}`)
  }
  if (from !== undefined) conditions.push(`${date} >= ${bind(toMilliseconds(from))}`)
  if (to !== undefined) conditions.push(`${date} < ${bind(toMilliseconds(to))}`)
  if (after !== undefined) {
    const place = `${bind(toMilliseconds(after.orderDate))}, ${bind(after.orderId)}`
    conditions.push(`(${date}, order_id) < (${place})`)
  }
  const text = `
    SELECT page.order_id AS "orderId", page.version, order_events.state
    FROM (SELECT order_id, ${orderColumn} AS order_key, version, order_date FROM orders
          WHERE ${conditions.join(' AND ')}
          ORDER BY ${date} DESC, order_id DESC
          LIMIT ${bind(limit)}) AS page
    JOIN order_events ON order_events.${orderColumn} = page.order_key
                     AND order_events.version = page.version
    ORDER BY page.order_date DESC, page.order_id DESC`
  return { text, parameters }
}

/** Both databases compare ids by the bytes of their UTF-8, which is by their characters. */
function beginsWith(column: string, prefix: string, bind: (value: string) => string): string {
  const from = `${column} >= ${bind(prefix)}`
  const end = nextPrefix(prefix)
  return end === undefined ? from : `${from} AND ${column} < ${bind(end)}`
}

const LAST_CHARACTER = 0x10ffff
const SURROGATES = [0xd800, 0xdfff] as const

/** The first text after all that begin with the prefix; undefined where there is none. */
function nextPrefix(prefix: string): string | undefined {
  const characters = Array.from(prefix, (character) => character.codePointAt(0) ?? 0)
  while (characters.at(-1) === LAST_CHARACTER) characters.pop()
  const last = characters.pop()
  if (last === undefined) return undefined
  const next = last + 1 === SURROGATES[0] ? SURROGATES[1] + 1 : last + 1
  return String.fromCodePoint(...characters, next)
}
