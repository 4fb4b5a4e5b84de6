import process from 'node:process'
import { setTimeout } from 'node:timers/promises'
import { demoPrefix } from '../src/cli/demo/demo.ts'
import { DemoOrders } from '../src/cli/demo/demo-orders.ts'
import { runTraffic, TrafficCount } from '../src/cli/demo/demo-traffic.ts'
import { showRecords } from '../src/cli/listen/listen.ts'
import { createOrderLines } from '../src/cli/listen/order-line.ts'
import { columnsOf } from '../src/cli/layout.ts'
import { paintFor, visible } from '../src/cli/paint.ts'
import { serviceAddress } from '../src/cli/send-change.ts'
import type { Config } from '../src/config/config.ts'

/** Slow enough to read along. */
const demoRatePerSecond = 1

const retryDelayMs = 2_000

/**
 * Prints a line for each event on the topic, from `sinceMs` on, until the signal aborts. Kafka may be
 * away: that is said once, and tried again.
 */
export async function showLiveOrders(
  config: Config,
  sinceMs: number,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const line = createOrderLines(paintFor(process.stdout), columnsOf(process.stdout))
  const print = (text: string): void => say(visible(text))
  let isTold = false
  while (!signal.aborted) {
    try {
      await showRecords(
        config,
        { progress: print },
        {
          start: { kind: 'since', timestampMs: sinceMs },
          endsAtEnd: false,
          signal,
          onRecord: (record) => print(line(record)),
        },
      )
    } catch (error) {
      if (!isTold) print(`Events cannot be shown yet: ${(error as Error).message}`)
      isTold = true
      await setTimeout(retryDelayMs, undefined, { signal }).catch(() => {})
    }
  }
}

/** Orders come and go until the signal aborts. */
export async function sendDemoTraffic(config: Config, signal: AbortSignal): Promise<void> {
  const traffic = {
    address: serviceAddress(config, undefined),
    orders: new DemoOrders(demoPrefix(), Infinity, Math.random),
    ratePerSecond: demoRatePerSecond,
    durationMs: Infinity,
    signal,
  }
  await runTraffic(traffic, new TrafficCount())
}
