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
  ['repeated (window)', ({ counts }) => counts.repeatedInWindow],
  ['doubts settled after', ({ settledAfterMs }) => `${(settledAfterMs / 1_000).toFixed(1)} s`],
  ['slowest answer', ({ slowestAnswerMs }) => `${(slowestAnswerMs / 1_000).toFixed(2)} s`],
  ['verdict', verdict],
]

function verdict({ violations }: Report): string {
  const broken = new Set(violations.map(({ invariant }) => invariant))
  return broken.size === 0 ? 'true' : `${violations.length} × ${[...broken].join(', ')}`
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
