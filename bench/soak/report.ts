import { markdownTable, median } from '../orders/table.ts'
import type { SoakWindow } from './window.ts'

const MINUTES_PER_HOUR = 60

const FIGURES = [
  ['resident memory, MB', ({ residentMb }: SoakWindow) => residentMb],
  ['heap in use, MB', ({ heapMb }: SoakWindow) => heapMb],
  ['open files', ({ openFiles }: SoakWindow) => openFiles],
  ['event loop, p99 of the delay, ms', ({ loopDelayMs }: SoakWindow) => loopDelayMs],
  ['p99 of answers, ms', ({ p99Ms }: SoakWindow) => p99Ms],
] as const

export function reportSoak(perSecond: number, windows: readonly SoakWindow[]): string {
  const answered = windows.reduce((sum, window) => sum + window.answered, 0)
  const failed = windows.reduce((sum, window) => sum + window.failed, 0)
  const rows = FIGURES.map(([name, read]) => {
    const seen = windows.map(read)
    const { perMinute, error } = slopeOf(seen)
    return [
      name,
      fixed(seen[0]),
      fixed(median(seen)),
      fixed(Math.max(...seen)),
      fixed(seen.at(-1)),
      `${fixed(perMinute * MINUTES_PER_HOUR)} ± ${fixed(error * MINUTES_PER_HOUR)}`,
    ]
  })
  const head = ['', 'first minute', 'median', 'most', 'last minute', 'slope an hour']
  return [
    `${windows.length} minutes, ${perSecond} creations a second: ${answered} answered, ${failed} failed`,
    '',
    markdownTable(head, rows),
  ].join('\n')
}

/** By least squares, with its standard error: a slope within two of them may be none. */
export function slopeOf(values: readonly number[]): { perMinute: number; error: number } {
  const count = values.length
  const middle = (count - 1) / 2
  const mean = values.reduce((sum, value) => sum + value, 0) / count
  const spread = values.reduce((sum, _, minute) => sum + (minute - middle) ** 2, 0)
  const perMinute =
    values.reduce((sum, value, minute) => sum + (minute - middle) * (value - mean), 0) / spread
  const residue = values.reduce(
    (sum, value, minute) => sum + (value - mean - perMinute * (minute - middle)) ** 2,
    0,
  )
  return { perMinute, error: Math.sqrt(residue / (count - 2) / spread) }
}

function fixed(value = NaN): string {
  return value.toFixed(1)
}
