import type { Counts, Violation } from './checker.ts'
import type { ReplyCounts } from './measures.ts'

/** What a scenario found. */
export interface Report {
  readonly replies: ReplyCounts
  readonly counts: Readonly<Counts>
  readonly violations: readonly Violation[]
  /** Of the first violation. */
  readonly story: string | undefined
  /** From the end of a fault until the last event that was pending then was settled; the slowest. */
  readonly settledAfterMs: number
  readonly slowestAnswerMs: number
  /** What came true, and not in time. */
  readonly late: readonly string[]
  /** Measured beside it: one sentence each. */
  readonly notes: readonly string[]
}

const COLUMNS: ReadonlyArray<readonly [title: string, of: (report: Report) => string | number]> = [
  ['requests', ({ replies }) => replies.requests],
  ['confirmed', ({ replies }) => replies.confirmed],
  ['not-applied', ({ replies }) => replies.notApplied],
  ['unknown', ({ replies }) => replies.unknown],
  ['unanswered', ({ replies }) => replies.unanswered],
  ['refused', ({ replies }) => replies.unsent],
  ['4xx', ({ replies }) => replies.declined],
  ['lost', ({ counts }) => counts.lost],
  ['phantom', ({ counts }) => counts.phantom],
  ['out of order', ({ counts }) => counts.outOfOrder],
  ['gap', ({ counts }) => counts.gap],
  ['repeated', ({ counts }) => counts.repeated],
  ['doubts settled after', ({ settledAfterMs }) => `${(settledAfterMs / 1_000).toFixed(1)} s`],
  ['slowest answer', ({ slowestAnswerMs }) => `${(slowestAnswerMs / 1_000).toFixed(2)} s`],
  ['verdict', verdict],
]

function verdict({ violations, late }: Report): string {
  const broken = new Set(violations.map(({ invariant }) => invariant))
  if (broken.size > 0) return `${violations.length} × ${[...broken].join(', ')}`
  return late.length > 0 ? 'true, late' : 'true'
}

/** As if it had been one run. */
export function mergeReports(reports: readonly Report[]): Report {
  return {
    replies: sum(reports.map(({ replies }) => ({ ...replies }))),
    counts: sum(reports.map(({ counts }) => ({ ...counts }))),
    violations: reports.flatMap(({ violations }) => violations),
    story: reports.find(({ story }) => story !== undefined)?.story,
    settledAfterMs: Math.max(...reports.map(({ settledAfterMs }) => settledAfterMs)),
    slowestAnswerMs: Math.max(...reports.map(({ slowestAnswerMs }) => slowestAnswerMs)),
    late: reports.flatMap(({ late }) => late),
    notes: reports.flatMap(({ notes }) => notes),
  }
}

/** A table in Markdown. */
export function formatReports(reports: ReadonlyMap<string, Report>): string {
  const rows = [
    ['scenario', ...COLUMNS.map(([title]) => title)],
    ...[...reports].map(([name, report]) => [name, ...COLUMNS.map(([, of]) => String(of(report)))]),
  ]
  const widths = rows[0]?.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  const lines = rows.map(
    (row) => `| ${row.map((cell, column) => cell.padEnd(widths?.[column] ?? 0)).join(' | ')} |`,
  )
  const rule = `| ${widths?.map((width) => '-'.repeat(width)).join(' | ')} |`
  return [lines[0], rule, ...lines.slice(1)].join('\n')
}

function sum<Key extends string>(
  parts: ReadonlyArray<Readonly<Record<Key, number>>>,
): Record<Key, number> {
  const total: Partial<Record<Key, number>> = {}
  for (const part of parts) {
    for (const key of Object.keys(part) as Key[]) total[key] = (total[key] ?? 0) + part[key]
  }
  return total as Record<Key, number>
}
