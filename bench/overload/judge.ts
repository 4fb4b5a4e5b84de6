import type { LadderStep } from './ladder.ts'

/** What overload may do to the service, and which steps show more. */

const CONFIRMED_OF_BEST_MIN = 0.9
const P99_TIMES_MAX = 3
const FULL_MS_MAX = 50
const LIVE_MS_MAX = 250
const RECOVERED_MS_MAX = 1_000

/** Of all steps of a part. */
export function bestPerSecond(steps: readonly LadderStep[]): number {
  return Math.max(...steps.map(({ load }) => load.confirmedPerSecond))
}

export function unknownCount({ load }: LadderStep): number {
  return Object.entries(load.answers)
    .filter(([name]) => name.endsWith(' unknown'))
    .reduce((sum, [, count]) => sum + count, 0)
}

/** A sentence for each bound that a step misses. `steps` are of one part. */
export function judge(steps: readonly LadderStep[]): readonly string[] {
  const best = bestPerSecond(steps)
  return steps
    .filter(({ rate }) => rate !== undefined)
    .flatMap((step) => {
      const atOne = steps.find(
        ({ rate, connections }) => rate === 1 && connections === step.connections,
      )
      const misses = [
        ...judgeConfirmed(step, best, atOne?.load.confirmed.fromSend.p99Ms ?? Infinity),
        ...judgeOthers(step),
      ]
      return misses.map(
        (miss) => `${step.part} ${step.rate} × over ${step.connections} connections: ${miss}`,
      )
    })
}

function judgeConfirmed(
  { load, offeredPerSecond = Infinity }: LadderStep,
  best: number,
  p99AtOneMs: number,
): string[] {
  const { confirmed, confirmedPerSecond } = load
  // No more can be confirmed than is asked for.
  const share = confirmedPerSecond / Math.min(best, offeredPerSecond)
  const times = confirmed.fromSend.p99Ms / p99AtOneMs
  return [
    ...missed(
      share < CONFIRMED_OF_BEST_MIN,
      `${share.toFixed(2)} of what is possible is confirmed`,
    ),
    ...missed(times > P99_TIMES_MAX, `p99 of the confirmed is ${times.toFixed(1)} × that at 1 ×`),
  ]
}

function judgeOthers(step: LadderStep): string[] {
  const { load, machine, liveness, recoveredAfterMs } = step
  const unknown = unknownCount(step)
  const fullMs = Math.round(load.full.fromSend.p99Ms - machine.p99Ms)
  const liveMs = Math.round(liveness.asked.maxMs)
  const isBack = recoveredAfterMs >= 0 && recoveredAfterMs <= RECOVERED_MS_MAX
  return [
    ...missed(unknown > 0, `${unknown} are unknown`),
    ...missed(load.timedOut > 0, `${load.timedOut} had no answer in time`),
    ...missed(fullMs > FULL_MS_MAX, `p99 of SERVICE_FULL is ${fullMs} ms above the machine's own`),
    ...missed(liveMs > LIVE_MS_MAX, `/health/live took up to ${liveMs} ms`),
    ...missed(Object.keys(liveness.failed).length > 0, '/health/live failed'),
    ...missed(!isBack, 'latency was not usual again a second after the end'),
  ]
}

function missed(isMissed: boolean, sentence: string): string[] {
  return isMissed ? [sentence] : []
}
