import { parseArgs } from 'node:util'
import { readConfig } from '../../config/read-config.ts'
import { callWords, cartCall } from '../cart-call.ts'
import { JSON_OPTION, UsageError, type Command } from '../command.ts'
import { showProgress } from '../progress.ts'
import { serviceAddress, URL_OPTION } from '../send-change.ts'
import { healthUrl } from '../service-url.ts'
import { listenForStop } from '../stop-signal.ts'
import { eraseOrders, findOrdersOf, type Erasure } from './erase-orders.ts'

const options = {
  customer: {
    type: 'string',
    value: '<customerId>',
    description: 'all orders of this customer, in place of order ids',
  },
  url: URL_OPTION,
  json: JSON_OPTION,
} as const

export const erase: Command = {
  summary:
    'erases whose orders these are, at the running service: a last event without the customer, and a tombstone where the topic is compacted',
  parameters: '[<orderId>…]',
  options,
  examples: [['ORD-7'], ['--customer', 'CUST-4711']],
  exitCodes: {
    0: 'all of them are erased',
    1: 'some were refused, such as open orders; the others are erased',
    2: 'of some it is not known, or the service did not answer: run it again',
  },
  async run(args, print) {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    const { customer, url, json } = values
    if ((customer === undefined) === (positionals.length === 0)) {
      throw new UsageError('Name orders, or a --customer')
    }
    const config = readConfig()
    const address = serviceAddress(config, url)
    // The erasure is for operators, who may have a port of their own.
    const operators = { ...address, url: url === undefined ? healthUrl(config) : address.url }
    using stop = listenForStop()
    const show = showProgress(print)
    const onFound = (count: number): void => show('orders found', count)
    const orderIds =
      customer === undefined
        ? positionals
        : await findOrdersOf(address, customer, onFound, stop.signal)
    const erasures: Erasure[] = []
    for await (const erasure of eraseOrders(operators, orderIds, stop.signal)) {
      erasures.push(erasure)
      if (json) show('orders', erasures.length, orderIds.length)
      else print.out(describe(erasure))
    }
    if (json) print.out(JSON.stringify({ erasures }))
    else if (orderIds.length === 0) print.out(`No order is of customer ${customer}.`)
    const isUnknown = erasures.some(({ kind }) => kind === 'failed') || stop.signal.aborted
    if (isUnknown) {
      print.progress('Run it again:')
      print.progress(`  ${again(positionals, customer, url)}`)
      return 2
    }
    return erasures.every(({ kind }) => kind === 'erased') ? 0 : 1
  },
}

function describe(erasure: Erasure): string {
  const { orderId } = erasure
  if (erasure.kind !== 'erased')
    return `Order ${orderId} is not known to be erased: ${erasure.reason}`
  const { version, tombstone } = erasure
  return `Order ${orderId} is erased by its version ${version}; ${TOMBSTONES[tombstone] ?? tombstone}`
}

const TOMBSTONES: Readonly<Record<string, string>> = {
  written: 'a tombstone is on the topic',
  'not-compacted': 'the topic is not compacted: earlier records go with its retention',
  'not-known':
    'no tombstone was written, because the service may not read the settings of the topic',
  'no-record': 'no tombstone was written, because the store knows of no record of it on this topic',
}

function again(
  orderIds: readonly string[],
  customer: string | undefined,
  url: string | undefined,
): string {
  const named = Object.entries({ customer, url }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  )
  return cartCall(...callWords('erase', orderIds, named))
}
