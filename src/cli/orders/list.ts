import process from 'node:process'
import { parseArgs } from 'node:util'
import { readConfig } from '../../config/read-config.ts'
import { ORDER_STATUSES } from '../../models/order.ts'
import { JSON_OPTION, UsageError, type Command, type Print } from '../command.ts'
import { columnsOf } from '../layout.ts'
import { paintFor, unchangedFor } from '../paint.ts'
import { choiceOf, integerOf, timeMsOf } from '../parse-values.ts'
import { showProgress } from '../progress.ts'
import { serviceAddress, URL_OPTION } from '../send-change.ts'
import { listenForStop } from '../stop-signal.ts'
import { parseObject } from '../service-answer.ts'
import { createOrderRows, isListedOrder, type ListedOrder } from './order-rows.ts'
import { readList } from './read-list.ts'
import { READ_EXIT_CODES, reportFailure } from './report-failure.ts'

const LIMIT_MAX = 1_000_000_000

const FORMATS = ['table', 'json', 'ndjson', 'csv'] as const

type Format = (typeof FORMATS)[number]

const options = {
  order: { type: 'string', value: '<text>', description: 'only orders whose id begins with it' },
  status: {
    type: 'string',
    value: '<status>',
    choices: ORDER_STATUSES,
    description: `only orders in this status: ${ORDER_STATUSES.join(', ')}`,
  },
  customer: { type: 'string', value: '<id>', description: 'only orders of this customer' },
  from: {
    type: 'string',
    value: '<time>',
    description:
      'only orders of this time (2026-11-24T09:00:00Z), or of a while ago (7d), and later',
  },
  to: { type: 'string', value: '<time>', description: 'only orders before it' },
  limit: { type: 'string', value: '<n>', default: '50', description: 'so many at most' },
  all: { type: 'boolean', default: false, description: 'every one, however many there are' },
  format: {
    type: 'string',
    value: '<format>',
    choices: FORMATS,
    default: 'table',
    description: `how it is written: ${FORMATS.join(', ')}; all but the table have the whole order`,
  },
  url: URL_OPTION,
  json: { ...JSON_OPTION, description: 'the same as --format json: an array of orders' },
} as const

export const list: Command = {
  summary: 'lists the orders of the running service, newest first',
  options,
  examples: [
    ['--status', 'pending', '--from', '7d'],
    ['--all', '--format', 'csv'],
  ],
  exitCodes: {
    ...READ_EXIT_CODES,
    0: 'the orders are listed, also where there is none',
    1: 'not used',
  },
  async run(args, print) {
    const { values } = parseArgs({ args: [...args], options })
    const format = formatOf(values.format, values.json)
    const limit = values.all ? LIMIT_MAX : integerOf('limit', values.limit, 1, LIMIT_MAX)
    const address = serviceAddress(readConfig(), values.url)
    using stop = listenForStop()
    const question = {
      path: '/api/orders',
      filters: filtersOf(values),
      format: format === 'csv' ? ('csv' as const) : ('ndjson' as const),
      limit,
    }
    const writer = WRITERS[format](print)
    const show = showProgress(print)
    let count = 0
    let hasMore = false
    for await (const page of readList(address, question, stop.signal)) {
      if (page.kind !== 'page') return reportFailure(page, values.json && count === 0, print)
      writer.write(page.lines)
      count += page.lines.length
      show('orders', count)
      hasMore = page.hasMore
    }
    writer.end()
    if (format === 'table' && count === 0) print.progress('No order fits.')
    if (hasMore)
      print.progress(`There are more orders: --limit shows more than ${limit}, --all every one.`)
    return 0
  },
}

interface FilterValues {
  readonly order?: string | undefined
  readonly status?: string | undefined
  readonly customer?: string | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
}

/** By the names of the HTTP API. */
function filtersOf(values: FilterValues): Readonly<Record<string, string>> {
  const { order, status, customer, from, to } = values
  const nowMs = Date.now()
  return {
    ...(order === undefined ? {} : { orderId: order }),
    ...(status === undefined ? {} : { status: choiceOf('status', status, ORDER_STATUSES) }),
    ...(customer === undefined ? {} : { customerId: customer }),
    ...(from === undefined ? {} : { from: instantOf('from', from, nowMs) }),
    ...(to === undefined ? {} : { to: instantOf('to', to, nowMs) }),
  }
}

function instantOf(option: string, text: string, nowMs: number): string {
  return new Date(timeMsOf(option, text, nowMs)).toISOString()
}

function formatOf(text: string, isJson: boolean): Format {
  const format = choiceOf('format', text, FORMATS)
  if (!isJson) return format
  if (format !== 'table' && format !== 'json') {
    throw new UsageError('--json and --format exclude each other')
  }
  return 'json'
}

function orderOf(line: string): ListedOrder {
  const order = parseObject(line)
  if (!isListedOrder(order)) throw new Error('What was answered is no list of orders')
  return order
}

interface Writer {
  write(lines: readonly string[]): void
  end(): void
}

const WRITERS: Readonly<Record<Format, (print: Print) => Writer>> = {
  table(print) {
    const rows = createOrderRows(paintFor(process.stdout), columnsOf(process.stdout))
    return {
      write(lines) {
        for (const row of rows(lines.map(orderOf))) print.out(row)
      },
      end() {},
    }
  },
  /** A line for each order, so that a list of any length is written as it comes. */
  json(print) {
    let before = '['
    return {
      write(lines) {
        for (const line of lines) {
          print.out(before === '[' ? before : `${before},`)
          before = line
        }
      },
      end() {
        print.out(before)
        print.out(']')
      },
    }
  },
  ndjson: (print) => ({
    write(lines) {
      for (const line of lines) print.out(line)
    },
    end() {},
  }),
  /** To the letter, as RFC 4180 ends lines. */
  csv(print) {
    const unchanged = unchangedFor(process.stdout)
    const lineEnd = process.stdout.isTTY ? '' : '\r'
    return {
      write(lines) {
        for (const line of lines) print.out(unchanged(line + lineEnd))
      },
      end() {},
    }
  },
}
