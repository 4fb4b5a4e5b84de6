/** Times in milliseconds, and what a table says of them. */

export interface Summary {
  readonly count: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

export function summarize(timesMs: readonly number[]): Summary {
  const sorted = Float64Array.from(timesMs).toSorted()
  return {
    count: sorted.length,
    p50Ms: valueAt(sorted, 0.5),
    p99Ms: valueAt(sorted, 0.99),
    maxMs: sorted.at(-1) ?? 0,
  }
}

function valueAt(sorted: Float64Array, share: number): number {
  return sorted[Math.ceil(sorted.length * share) - 1] ?? 0
}

/** Of the machine: processes compare their times by it. */
export function machineNowMs(): number {
  return performance.timeOrigin + performance.now()
}

/** When something is measured, by {@link machineNowMs}. */
export interface Span {
  readonly fromMs: number
  readonly untilMs: number
}
