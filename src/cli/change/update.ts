import { randomUUID } from 'node:crypto'
import { parseArgs } from 'node:util'
import { readConfig } from '../../config/read-config.ts'
import { JSON_OPTION, UsageError, type Command } from '../command.ts'
import { CHANGE_EXIT_CODES, reportChange } from './report-change.ts'
import { KEY_OPTION, sendChange, serviceAddress, URL_OPTION, type Change } from '../send-change.ts'
import { shellWord, urlAgain } from './shell-word.ts'

const options = { key: KEY_OPTION, url: URL_OPTION, json: JSON_OPTION } as const

export const update: Command = {
  summary: 'gives an order another status at the running service',
  parameters: '<orderId> <status>',
  options,
  exitCodes: CHANGE_EXIT_CODES,
  async run(args, print) {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    const [orderId, status] = positionals
    if (orderId === undefined || status === undefined || positionals.length > 2) {
      throw new UsageError('An order id and a status are needed')
    }
    const address = serviceAddress(readConfig(), values.url)
    const body = { orderId, status }
    const { key: idempotencyKey = randomUUID() } = values
    const change: Change = { method: 'PUT', path: '/api/update-order', body, idempotencyKey }
    const result = await sendChange(address, change)
    const again = `cart update ${shellWord(orderId)} ${shellWord(status)} --key ${shellWord(idempotencyKey)}${urlAgain(values.url)}`
    return reportChange(result, { done: 'updated', again, isJson: values.json }, print)
  },
}
