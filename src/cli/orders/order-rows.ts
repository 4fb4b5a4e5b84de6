import { escapeHidden } from '../../models/visible-text.ts'
import { amountText } from '../amount.ts'
import { cut, padEnd, padStart, widthOf } from '../layout.ts'
import type { Paint } from '../paint.ts'
import { isOrder, type OrderJson } from '../send-change.ts'
import { asObject } from '../service-answer.ts'
import { STATUS_STYLES } from '../status-styles.ts'

const GAP = '  '

const MINUTE_LENGTH = '2026-01-31T12:00'.length

/** Of the room for both ids: a customer's may take this share at most. */
const CUSTOMER_SHARE = 0.4

/** Listed orders carry these beside what an answer to a change is read for. */
export interface ListedOrder extends OrderJson {
  readonly customerId: string
  readonly orderDate: string
}

export function isListedOrder(value: unknown): value is ListedOrder {
  const { customerId, orderDate } = asObject(value)
  return isOrder(value) && typeof customerId === 'string' && typeof orderDate === 'string'
}

type Row = readonly [order: string, customer: string, status: string, total: string, time: string]

const HEADER: Row = ['order', 'customer', 'status', 'total', 'ordered (UTC)']

/**
 * Orders as lines of a table that is no wider than `columns`: ids are cut where they are too long, and
 * nothing else is. The columns grow with what was seen. The first lines begin with a header.
 */
export function createOrderRows(
  paint: Paint,
  columns: number,
): (orders: readonly ListedOrder[]) => string[] {
  let widths = HEADER.map(widthOf)
  let isFirst = true
  return (orders) => {
    const rows = orders.map(toRow)
    widths = widths.map((width, index) =>
      Math.max(width, ...rows.map((row) => widthOf(row[index] ?? ''))),
    )
    const shown = fitIds(widths, columns)
    const header = isFirst && rows.length > 0 ? [paint('dim', toLine(HEADER, shown))] : []
    isFirst = false
    return [
      ...header,
      ...rows.map((row) => {
        const style = STATUS_STYLES[row[2].trim()] ?? 'reset'
        return toLine(row, shown, (status) => paint(style, status))
      }),
    ]
  }
}

function toRow(order: ListedOrder): Row {
  const { orderId, customerId, status, totalAmount, currency, orderDate } = order
  const time = orderDate.slice(0, MINUTE_LENGTH).replace('T', ' ')
  const total = `${amountText(totalAmount, currency)} ${currency}`
  return [
    escapeHidden(orderId),
    escapeHidden(customerId),
    escapeHidden(status),
    escapeHidden(total),
    escapeHidden(time),
  ]
}

function fitIds(widths: readonly number[], columns: number): readonly number[] {
  const [order = 0, customer = 0, ...others] = widths
  const taken = others.reduce((sum, width) => sum + width, 0) + GAP.length * others.length
  const room = columns - taken - GAP.length
  if (order + customer <= room) return widths
  const shownCustomer = Math.min(customer, Math.floor(room * CUSTOMER_SHARE))
  return [Math.min(order, room - shownCustomer), shownCustomer, ...others]
}

function toLine(
  [order, customer, status, total, time]: Row,
  widths: readonly number[],
  paintStatus: (status: string) => string = (text) => text,
): string {
  const [orderWidth = 0, customerWidth = 0, statusWidth = 0, totalWidth = 0] = widths
  return [
    padEnd(cut(order, orderWidth), orderWidth),
    padEnd(cut(customer, customerWidth), customerWidth),
    paintStatus(padEnd(status, statusWidth)),
    padStart(total, totalWidth),
    time,
  ].join(GAP)
}
