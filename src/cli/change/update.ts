import { parseArgs } from 'node:util'
import { ORDER_STATUSES } from '../../models/order.ts'
import { JSON_OPTION, UsageError, type Command } from '../command.ts'
import { KEY_OPTION, URL_OPTION } from '../send-change.ts'
import { CHANGE_EXIT_CODES } from './report-change.ts'
import { sendAndReport } from './send-and-report.ts'

const options = { key: KEY_OPTION, url: URL_OPTION, json: JSON_OPTION } as const

export const update: Command = {
  summary: 'gives an order another status at the running service',
  parameters: '<orderId> <status>',
  parameterChoices: [[], ORDER_STATUSES],
  options,
  examples: [['ORD-7', 'confirmed']],
  exitCodes: CHANGE_EXIT_CODES,
  async run(args, print) {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    const [orderId, status] = positionals
    if (orderId === undefined || status === undefined || positionals.length > 2) {
      throw new UsageError('An order id and a status are needed')
    }
    const request = {
      method: 'PUT',
      path: '/api/update-order',
      body: { orderId, status },
      orderId,
      done: 'updated',
      call: { command: 'update', args: positionals, options: [] },
    } as const
    return sendAndReport(request, values, print)
  },
}
