import { parseArgs } from 'node:util'
import { readConfig } from '../../config/read-config.ts'
import { JSON_OPTION, type Command } from '../command.ts'
import { DemoOrders } from './demo-orders.ts'
import { runTraffic, TrafficCount, type TrafficReport } from './demo-traffic.ts'
import { durationMsOf, integerOf, numberOf } from '../parse-values.ts'
import { serviceAddress, URL_OPTION } from '../send-change.ts'
import { listenForStop } from '../stop-signal.ts'

const RATE_MAX = 1_000
const ORDERS_MAX = 1_000_000
const PROGRESS_EVERY_MS = 5_000

const options = {
  rate: { type: 'string', value: '<n>', default: '5', description: 'changes a second' },
  for: { type: 'string', value: '<time>', default: '60s', description: 'how long' },
  orders: {
    type: 'string',
    value: '<n>',
    description: 'create so many orders at most, and end when all are delivered or cancelled',
  },
  url: URL_OPTION,
  json: JSON_OPTION,
} as const

export const demo: Command = {
  summary: 'creates orders and moves them through their lives, at a rate for a time',
  options,
  exitCodes: {
    0: 'every change was acknowledged',
    1: 'some were not; the summary counts the answers',
    2: 'none was',
  },
  async run(args, print) {
    const { values } = parseArgs({ args: [...args], options })
    const ratePerSecond = numberOf('rate', values.rate, 0.01, RATE_MAX)
    const durationMs = durationMsOf('for', values.for)
    const ordersMax =
      values.orders === undefined ? ORDERS_MAX : integerOf('orders', values.orders, 1, ORDERS_MAX)
    const address = serviceAddress(readConfig(), values.url)
    const orders = new DemoOrders(demoPrefix(), ordersMax, Math.random)
    const count = new TrafficCount()

    using stop = listenForStop()
    const timer = setInterval(
      () => print.progress(describeProgress(count.report())),
      PROGRESS_EVERY_MS,
    )
    try {
      await runTraffic({ address, orders, ratePerSecond, durationMs, signal: stop.signal }, count)
    } finally {
      clearInterval(timer)
    }
    const report = count.report()
    if (values.json) print.out(JSON.stringify(report))
    else for (const line of describeTraffic(report)) print.out(line)
    if (report.acknowledged === 0) return 2
    return report.acknowledged === report.sent ? 0 : 1
  },
}

/** Orders of another demo have another. */
export function demoPrefix(): string {
  return `DEMO-${Date.now().toString(36).toUpperCase()}`
}

function describeProgress({ seconds, sent, acknowledged, ackTimes }: TrafficReport): string {
  const times = ackTimes === undefined ? '' : `, half of them within ${ackTimes.p50Ms} ms`
  return `${seconds} s: ${sent} sent, ${acknowledged} acknowledged${times}`
}

export function describeTraffic(report: TrafficReport): string[] {
  const { seconds, sent, acknowledged, answers, ackTimes, heldBack } = report
  const width = Math.max(0, ...Object.keys(answers).map(({ length }) => length))
  return [
    `${sent} changes sent in ${seconds} s, ${acknowledged} acknowledged`,
    ...Object.entries(answers).map(([name, count]) => `  ${name.padEnd(width)}  ${count}`),
    ...(ackTimes === undefined
      ? []
      : [
          `acknowledged within: p50 ${ackTimes.p50Ms} ms, p95 ${ackTimes.p95Ms} ms, ` +
            `p99 ${ackTimes.p99Ms} ms, max ${ackTimes.maxMs} ms`,
        ]),
    ...(heldBack === 0
      ? []
      : [`${heldBack} were due while too many others had no answer yet, and were not sent`]),
  ]
}
