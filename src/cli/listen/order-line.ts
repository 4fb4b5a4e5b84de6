import { escapeHidden } from '../../models/visible-text.ts'
import { amountText } from '../amount.ts'
import { cut, padEnd, widthOf } from '../layout.ts'
import type { Paint } from '../paint.ts'
import { STATUS_STYLES } from '../status-styles.ts'
import type { ReadableRecord } from './watch-topic.ts'

const TYPE_PREFIX = 'com.ecommerce.order.'

const TIME_WIDTH = '2026-11-24T09:00:00.000Z'.length
const TYPE_WIDTH = 'status-changed'.length
const STATUS_WIDTH = 'delivered'.length
const TOTAL_WIDTH = '12345.67 EUR'.length
const ORDER_ID_WIDTH_MIN = 12
const ORDER_ID_WIDTH_MAX = 40

/** Fewer do not hold a whole line. */
const WIDE_COLUMNS_MIN = 110

/** `11-24 09:00:00`, of which the year is known. */
const SHORT_TIME = ['2026-'.length, '2026-11-24T09:00:00'.length] as const
const PLACE_WIDTH = '2@1234567'.length

/**
 * One line for each record: time, order, version, type, status, total, place. The columns stay under each
 * other: that of the order id grows with the ids that were seen. In a narrow terminal the time is short,
 * ids are cut, and the type is left out where the version says it: the first one is the creation.
 */
export function createOrderLines(
  paint: Paint,
  columns = Infinity,
): (record: ReadableRecord) => string {
  return columns < WIDE_COLUMNS_MIN ? createNarrowLines(paint, columns) : createWideLines(paint)
}

function createWideLines(paint: Paint): (record: ReadableRecord) => string {
  let orderIdWidth = ORDER_ID_WIDTH_MIN
  return (record) => {
    const known = readOrderRecord(record)
    const orderId = orderIdOf(record, known)
    orderIdWidth = Math.max(orderIdWidth, Math.min(widthOf(orderId), ORDER_ID_WIDTH_MAX))
    return [
      paint('dim', (record.timestamp ?? '(no time)').padEnd(TIME_WIDTH)),
      paint('bold', padEnd(orderId, orderIdWidth)),
      versionOf(known),
      padEnd(escapeHidden(known.type ?? ''), TYPE_WIDTH),
      describeState(record, known, paint),
      placeOf(record),
      ...problemOf(record),
    ].join('  ')
  }
}

function createNarrowLines(paint: Paint, columns: number): (record: ReadableRecord) => string {
  const timeWidth = SHORT_TIME[1] - SHORT_TIME[0]
  const others = [timeWidth, 4, STATUS_WIDTH, TOTAL_WIDTH, PLACE_WIDTH]
  const orderIdWidth = columns - others.reduce((sum, width) => sum + width + 2, 0)
  return (record) => {
    const known = readOrderRecord(record)
    const time = record.timestamp?.slice(...SHORT_TIME).replace('T', ' ') ?? '(no time)'
    return [
      paint('dim', time.padEnd(timeWidth)),
      paint('bold', padEnd(cut(orderIdOf(record, known), orderIdWidth), orderIdWidth)),
      versionOf(known),
      describeState(record, known, paint),
      placeOf(record),
      ...problemOf(record),
    ].join('  ')
  }
}

function orderIdOf({ key }: ReadableRecord, { order }: OrderRecord): string {
  return escapeHidden(order.orderId ?? key ?? '(no key)')
}

function versionOf({ version }: OrderRecord): string {
  return (version === undefined ? '' : `v${version}`).padStart(4)
}

function describeState(record: ReadableRecord, { order }: OrderRecord, paint: Paint): string {
  if (record.problem === undefined) {
    return record.value === null
      ? paint('dim', 'tombstone'.padEnd(STATUS_WIDTH + 2 + TOTAL_WIDTH))
      : describeOrder(order, paint)
  }
  return paint('red', 'cannot be decoded'.padEnd(STATUS_WIDTH + 2 + TOTAL_WIDTH))
}

function placeOf({ partition, offset }: ReadableRecord): string {
  return `${partition}@${offset}`
}

function problemOf({ problem }: ReadableRecord): string[] {
  return problem === undefined ? [] : [` ${describeProblem(problem)}`]
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
  const shown = paint(style, escapeHidden(status ?? '').padEnd(STATUS_WIDTH))
  return `${shown}  ${escapeHidden(total).padStart(TOTAL_WIDTH)}`
}

function describeProblem({ reason, hexPrefix }: NonNullable<ReadableRecord['problem']>): string {
  const bytes = hexPrefix === '' ? '' : ` [${hexPrefix.replaceAll(/(..)(?=.)/g, '$1 ')}]`
  return `${escapeHidden(reason)}${bytes}`
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
