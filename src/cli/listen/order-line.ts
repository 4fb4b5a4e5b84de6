import { amountText } from '../amount.ts'
import { escaped, type Paint } from '../paint.ts'
import { STATUS_STYLES } from '../status-styles.ts'
import type { ReadableRecord } from './watch-topic.ts'

const TYPE_PREFIX = 'com.ecommerce.order.'

const TIME_WIDTH = '2026-11-24T09:00:00.000Z'.length
const TYPE_WIDTH = 'status-changed'.length
const STATUS_WIDTH = 'delivered'.length
const TOTAL_WIDTH = '12345.67 EUR'.length
const ORDER_ID_WIDTH_MIN = 12
const ORDER_ID_WIDTH_MAX = 40

/**
 * One line for each record: time, order, version, type, status, total, place. The columns stay under each
 * other: that of the order id grows with the ids that were seen.
 */
export function createOrderLines(paint: Paint): (record: ReadableRecord) => string {
  let orderIdWidth = ORDER_ID_WIDTH_MIN
  return (record) => {
    const { order, type, version } = readOrderRecord(record)
    const orderId = escaped(order.orderId ?? record.key ?? '(no key)')
    orderIdWidth = Math.max(orderIdWidth, Math.min(orderId.length, ORDER_ID_WIDTH_MAX))
    return [
      paint('dim', (record.timestamp ?? '(no time)').padEnd(TIME_WIDTH)),
      paint('bold', orderId.padEnd(orderIdWidth)),
      (version === undefined ? '' : `v${version}`).padStart(4),
      escaped(type ?? '').padEnd(TYPE_WIDTH),
      record.problem === undefined
        ? describeOrder(order, paint)
        : paint('red', 'cannot be decoded'.padEnd(STATUS_WIDTH + 2 + TOTAL_WIDTH)),
      `${record.partition}@${record.offset}`,
      ...(record.problem === undefined ? [] : [` ${describeProblem(record.problem)}`]),
    ].join('  ')
  }
}

/** What a record says of an order; every member may be missing, because anybody can write anything. */
export interface OrderRecord {
  readonly order: {
    readonly orderId?: string
    readonly status?: string
    readonly currency?: string
    readonly totalAmount?: number
  }
  /** `created`, `status-changed`, or the whole of a type that is not ours. */
  readonly type: string | undefined
  readonly version: number | undefined
}

export function readOrderRecord({ headers, value }: ReadableRecord): OrderRecord {
  const sequence = Number(headers['ce_sequence'] ?? Number.NaN)
  const type = headers['ce_type'] ?? undefined
  return {
    order: {
      ...textMember(value, 'orderId'),
      ...textMember(value, 'status'),
      ...textMember(value, 'currency'),
      ...numberMember(value, 'totalAmount'),
    },
    type: type?.startsWith(TYPE_PREFIX) === true ? type.slice(TYPE_PREFIX.length) : type,
    version: Number.isSafeInteger(sequence) ? sequence : undefined,
  }
}

function describeOrder(
  { status, totalAmount, currency }: OrderRecord['order'],
  paint: Paint,
): string {
  const style = STATUS_STYLES[status ?? ''] ?? 'reset'
  const amount = totalAmount === undefined ? undefined : amountText(totalAmount, currency ?? '')
  const total = [amount, currency].filter((part) => part !== undefined).join(' ')
  const shown = paint(style, escaped(status ?? '').padEnd(STATUS_WIDTH))
  return `${shown}  ${escaped(total).padStart(TOTAL_WIDTH)}`
}

function describeProblem({ reason, hexPrefix }: NonNullable<ReadableRecord['problem']>): string {
  const bytes = hexPrefix === '' ? '' : ` [${hexPrefix.replaceAll(/(..)(?=.)/g, '$1 ')}]`
  return `${escaped(reason)}${bytes}`
}

function textMember(value: unknown, name: string): Record<string, string> {
  const member = memberOf(value, name)
  return typeof member === 'string' ? { [name]: member } : {}
}

function numberMember(value: unknown, name: string): Record<string, number> {
  const member = memberOf(value, name)
  return typeof member === 'number' ? { [name]: member } : {}
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)[name]
    : undefined
}
