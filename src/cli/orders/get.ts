import { escapeHidden } from '../../models/visible-text.ts'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { readConfig } from '../../config/read-config.ts'
import { amountText, productText } from '../amount.ts'
import { JSON_OPTION, UsageError, type Command } from '../command.ts'
import { columnsOf, cut, padEnd, padStart, widestOf, widthOf, wrap } from '../layout.ts'
import { paintFor, type Paint } from '../paint.ts'
import { serviceAddress, URL_OPTION } from '../send-change.ts'
import { parseObject } from '../service-answer.ts'
import { STATUS_STYLES } from '../status-styles.ts'
import { listenForStop } from '../stop-signal.ts'
import { askService } from './ask-service.ts'
import { isListedOrder, type ListedOrder } from './order-rows.ts'
import { readList } from './read-list.ts'
import { READ_EXIT_CODES, reportFailure } from './report-failure.ts'

/** Far more changes than an order sees. */
const EVENTS_MAX = 100_000

const TYPE_PREFIX = 'com.ecommerce.order.'

/** Between columns, and before the first. */
const GAP = '  '

const options = {
  events: { type: 'boolean', default: false, description: 'its history as well: each event' },
  url: URL_OPTION,
  json: { ...JSON_OPTION, description: 'print JSON: order, version, and events where asked for' },
} as const

export const get: Command = {
  summary: 'shows one order of the running service',
  parameters: '<orderId>',
  options,
  examples: [['ORD-7'], ['ORD-7', '--events']],
  exitCodes: READ_EXIT_CODES,
  async run(args, print) {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    const [orderId, ...others] = positionals
    if (orderId === undefined || others.length > 0) throw new UsageError('Name one order id')
    const address = serviceAddress(readConfig(), values.url)
    const path = `/api/orders/${encodeURIComponent(orderId)}`
    using stop = listenForStop()
    const answer = await askService(address, { path, mediaType: 'application/json' }, stop.signal)
    if (answer.kind !== 'found') return reportFailure(answer, values.json, print)
    const order = parseObject(answer.text)['data']
    if (!isListedOrder(order)) throw new Error(`${address.url} gave no order; is it CartService?`)
    // A proxy that compresses has made it W/"2" or "2-gzip".
    const version = Number(/"(\d+)/.exec(answer.headers.get('etag') ?? '')?.[1])

    const events: EventJson[] = []
    const question = {
      path: `${path}/events`,
      filters: {},
      format: 'ndjson',
      limit: EVENTS_MAX,
    } as const
    for await (const page of values.events ? readList(address, question, stop.signal) : []) {
      if (page.kind !== 'page') return reportFailure(page, values.json, print)
      events.push(...page.lines.map(eventOf))
    }
    if (values.json) {
      print.out(JSON.stringify({ order, version, ...(values.events ? { events } : {}) }))
    } else {
      const paint = paintFor(process.stdout)
      const columns = columnsOf(process.stdout)
      for (const line of describeOrder(order, version, paint, columns)) print.out(line)
      for (const line of describeEvents(events, paint)) print.out(line)
    }
    return 0
  },
}

interface EventJson {
  readonly version: number
  readonly type: string
  readonly status: string
  readonly time: string
  readonly partition: number
  readonly offset: number
}

function eventOf(line: string): EventJson {
  const event = parseObject(line)
  if (typeof event['type'] !== 'string') throw new Error('What was answered is no list of events')
  return event as unknown as EventJson
}

/** Of what does not fit, ids of items are cut; JSON has them whole. */
export function describeOrder(
  order: ListedOrder,
  version: number,
  paint: Paint,
  columns = Infinity,
): string[] {
  const { orderId, customerId, orderDate, status, items, totalAmount, currency } = order
  const total = `${amountText(totalAmount, currency)} ${currency}`
  const shownStatus = paint(STATUS_STYLES[status] ?? 'reset', escapeHidden(status))
  return [
    `Order ${paint('bold', escapeHidden(orderId))}: ${shownStatus}, ${total}`,
    ...wrap(`Customer ${customerId}, ordered ${orderDate}, version ${version}`, columns, '  '),
    '',
    ...alignLeftThenRight(
      ['item', 'quantity', 'price', 'total'],
      items.map(({ itemId, quantity, price }) => [
        itemId,
        quantity,
        amountText(price, currency),
        productText(price, quantity, currency),
      ]),
      paint,
      columns,
    ),
  ]
}

function describeEvents(events: readonly EventJson[], paint: Paint): string[] {
  if (events.length === 0) return []
  const rows = events.map(({ version, type, status, time, partition, offset }) => [
    time,
    `v${version}`,
    type.startsWith(TYPE_PREFIX) ? type.slice(TYPE_PREFIX.length) : type,
    status,
    `${partition}@${offset}`,
  ])
  return ['', ...alignLeftThenRight(['time', 'version', 'type', 'status', 'place'], rows, paint)]
}

/** The first column to the left, numbers and what follows them to the right. */
function alignLeftThenRight(
  header: readonly string[],
  rows: ReadonlyArray<readonly unknown[]>,
  paint: Paint,
  columns = Infinity,
): string[] {
  const texts = rows.map((row) => row.map((cell) => escapeHidden(String(cell))))
  const [first = 0, ...others] = header.map((title, index) =>
    widestOf([title, ...texts.map((row) => row[index] ?? '')]),
  )
  const taken = others.reduce((sum, width) => sum + GAP.length + width, GAP.length)
  const widths = [Math.min(first, Math.max(widthOf(header[0] ?? ''), columns - taken)), ...others]
  const lineOf = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => {
        const width = widths[index] ?? 0
        return index === 0 ? padEnd(cut(cell, width), width) : padStart(cell, width)
      })
      .join(GAP)
  return [paint('dim', GAP + lineOf(header)), ...texts.map((row) => GAP + lineOf(row))]
}
