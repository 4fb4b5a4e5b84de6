import { parseArgs } from 'node:util'
import { JSON_OPTION, UsageError, type Command } from '../command.ts'
import { KEY_OPTION, URL_OPTION } from '../send-change.ts'
import { bodyOfOptions, listOrderOptions, type OrderOptions } from './order-options.ts'
import { orderIdIn, readOrderFile, STDIN } from './read-order-file.ts'
import { CHANGE_EXIT_CODES } from './report-change.ts'
import { sendAndReport, type Request } from './send-and-report.ts'

const options = {
  items: {
    type: 'string',
    value: '<n>',
    description: 'how many items are generated (default: 3, and none with --item)',
  },
  item: {
    type: 'string',
    multiple: true,
    value: '<id>:<quantity>:<price>',
    description: 'an item of the order; once for each. Its id may have colons',
  },
  customer: { type: 'string', value: '<id>', description: 'the customer; generated without it' },
  currency: {
    type: 'string',
    value: '<code>',
    description: 'of the prices, such as EUR; generated without it',
  },
  date: {
    type: 'string',
    value: '<time>',
    description: 'when it was ordered, such as 2026-01-31T13:00:00+01:00; now without it',
  },
  file: {
    type: 'string',
    value: '<path>',
    description:
      'the whole order as JSON, as POST /api/create-order takes it; - is stdin. A path is relative to the folder that you are in',
  },
  key: KEY_OPTION,
  url: URL_OPTION,
  json: JSON_OPTION,
} as const

const TARGET = { method: 'POST', path: '/api/create-order', done: 'created' } as const

export const create: Command = {
  summary: 'creates an order at the running service',
  parameters: '[orderId]',
  options,
  examples: [
    ['ORD-7', '--items', '2'],
    ['ORD-8', '--currency', 'EUR', '--item', 'LAPTOP:1:499.99', '--item', 'PEN:2:24.5'],
    ['--file', 'order.json'],
  ],
  exitCodes: CHANGE_EXIT_CODES,
  async run(args, print) {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    const { key, url, json, file, ...order } = values
    const request =
      file === undefined
        ? requestOfOptions(positionals, order)
        : await requestOfFile(file, positionals, order)
    return sendAndReport(request, { key, url, json }, print)
  },
}

function requestOfOptions(positionals: readonly string[], order: OrderOptions): Request {
  if (positionals.length > 1) throw new UsageError('One order id at most')
  const [orderId = newOrderId()] = positionals
  const call = { command: 'create', args: [orderId], options: listOrderOptions(order) }
  return { ...TARGET, body: bodyOfOptions(orderId, order), orderId, call }
}

async function requestOfFile(
  file: string,
  positionals: readonly string[],
  order: OrderOptions,
): Promise<Request> {
  if (positionals.length > 0 || listOrderOptions(order).length > 0) {
    throw new UsageError('--file has the whole order: nothing of the order beside it')
  }
  const body = await readOrderFile(file)
  const stdin = file === STDIN ? body : undefined
  const call = { command: 'create', args: [], options: [['file', file] as const], stdin }
  return { ...TARGET, body, orderId: orderIdIn(body), call }
}

/** Not used before: it has the time in it. */
function newOrderId(): string {
  return `ORD-${Date.now().toString(36).toUpperCase()}`
}
