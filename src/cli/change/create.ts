import { randomUUID } from 'node:crypto'
import { parseArgs } from 'node:util'
import { readConfig } from '../../config/read-config.ts'
import { JSON_OPTION, UsageError, type Command } from '../command.ts'
import { integerOf } from '../parse-values.ts'
import { CHANGE_EXIT_CODES, reportChange } from './report-change.ts'
import { KEY_OPTION, sendChange, serviceAddress, URL_OPTION, type Change } from '../send-change.ts'
import { shellWord, urlAgain } from './shell-word.ts'

const ITEMS_MAX = 1_000

const options = {
  items: { type: 'string', value: '<n>', default: '3', description: 'how many items it has' },
  key: KEY_OPTION,
  url: URL_OPTION,
  json: JSON_OPTION,
} as const

export const create: Command = {
  summary: 'creates an order at the running service',
  parameters: '[orderId]',
  options,
  exitCodes: CHANGE_EXIT_CODES,
  async run(args, print) {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    if (positionals.length > 1) throw new UsageError('One order id at most')
    const [orderId = newOrderId()] = positionals
    const numItems = integerOf('items', values.items, 1, ITEMS_MAX)
    const address = serviceAddress(readConfig(), values.url)
    const body = { orderId, numItems }
    const { key: idempotencyKey = randomUUID() } = values
    const change: Change = { method: 'POST', path: '/api/create-order', body, idempotencyKey }
    const result = await sendChange(address, change)
    const again = `cart create ${shellWord(orderId)} --items ${numItems} --key ${shellWord(idempotencyKey)}${urlAgain(values.url)}`
    return reportChange(result, { done: 'created', again, isJson: values.json }, print)
  },
}

/** Not used before: it has the time in it. */
function newOrderId(): string {
  return `ORD-${Date.now().toString(36).toUpperCase()}`
}
