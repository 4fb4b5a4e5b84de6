import { createHistogram } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'
import type { DemoOrders, DemoStep } from './demo-orders.ts'
import { sendChange, type ChangeResult, type ServiceAddress } from '../send-change.ts'

/** A service that does not answer is not buried under requests. */
const IN_FLIGHT_MAX = 64

export interface AckTimes {
  readonly count: number
  /** Milliseconds from the request to its 201 or 200. */
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

export interface TrafficReport {
  readonly seconds: number
  readonly sent: number
  readonly acknowledged: number
  /** How many there were of each answer, such as `201` or `503 KAFKA_UNAVAILABLE not-applied`. */
  readonly answers: Readonly<Record<string, number>>
  /** Undefined when nothing was acknowledged. */
  readonly ackTimes: AckTimes | undefined
  /** Changes that were due while as many as may be were in flight. */
  readonly heldBack: number
}

/** Counts answers and measures acknowledgements, in a space that does not grow. */
export class TrafficCount {
  readonly #startMs = performance.now()
  readonly #ackMicros = createHistogram()
  readonly #answers = new Map<string, number>()
  #sent = 0
  heldBack = 0

  countSent(): void {
    this.#sent += 1
  }

  count(result: ChangeResult, tookMs: number): void {
    const name = nameOf(result)
    this.#answers.set(name, (this.#answers.get(name) ?? 0) + 1)
    if (result.kind === 'done') this.#ackMicros.record(Math.max(1, Math.round(tookMs * 1_000)))
  }

  report(): TrafficReport {
    const micros = this.#ackMicros
    const msAt = (percent: number): number => Math.round(micros.percentile(percent) / 100) / 10
    return {
      seconds: Math.round((performance.now() - this.#startMs) / 100) / 10,
      sent: this.#sent,
      acknowledged: micros.count,
      answers: Object.fromEntries(
        [...this.#answers].toSorted(([one], [other]) => (one < other ? -1 : 1)),
      ),
      ackTimes:
        micros.count === 0
          ? undefined
          : {
              count: micros.count,
              p50Ms: msAt(50),
              p95Ms: msAt(95),
              p99Ms: msAt(99),
              maxMs: Math.round(micros.max / 100) / 10,
            },
      heldBack: this.heldBack,
    }
  }
}

function nameOf(result: ChangeResult): string {
  if (result.kind === 'done') return String(result.httpStatus)
  if (result.kind === 'no-answer') return `no answer ${result.outcome}`
  const { httpStatus, code, outcome } = result
  return result.kind === 'refused' ? `${httpStatus} ${code}` : `${httpStatus} ${code} ${outcome}`
}

export interface Traffic {
  readonly address: ServiceAddress
  readonly orders: DemoOrders
  readonly ratePerSecond: number
  readonly durationMs: number
  readonly signal: AbortSignal
}

/**
 * Sends changes at the rate, whether or not earlier ones were answered, until the time is over, the
 * orders are done, or the signal aborts; then waits for the last answers.
 */
export async function runTraffic(traffic: Traffic, count: TrafficCount): Promise<void> {
  const { orders, ratePerSecond, durationMs, signal } = traffic
  const inFlight = new Set<Promise<void>>()
  const startMs = performance.now()
  for (let turn = 0; !signal.aborted && !orders.isDone; turn += 1) {
    const dueMs = startMs + (turn * 1_000) / ratePerSecond
    if (dueMs - startMs >= durationMs) break
    await sleepUntil(dueMs, signal)
    if (signal.aborted) break
    const step = inFlight.size < IN_FLIGHT_MAX ? orders.next() : undefined
    if (step === undefined) count.heldBack += 1
    else {
      const sent = send(traffic, step, count).finally(() => inFlight.delete(sent))
      inFlight.add(sent)
    }
  }
  await Promise.all(inFlight)
}

async function send(
  { address, orders }: Traffic,
  step: DemoStep,
  count: TrafficCount,
): Promise<void> {
  const sentAtMs = performance.now()
  count.countSent()
  const result = await sendChange(address, step.change)
  count.count(result, performance.now() - sentAtMs)
  orders.settle(step, result)
}

async function sleepUntil(dueMs: number, signal: AbortSignal): Promise<void> {
  const delayMs = dueMs - performance.now()
  if (delayMs > 0) await setTimeout(delayMs, undefined, { signal }).catch(() => {})
}
