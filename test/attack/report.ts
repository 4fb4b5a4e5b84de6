import { findBreaches, type Row } from './harness.ts'

const TITLES = [
  'attack',
  'store',
  'what was sent',
  'what came back',
  'alive',
  'live within',
  'memory',
  'verdict',
]

export function faultsOf(row: Row): readonly string[] {
  return [...row.faults, ...findBreaches(row)]
}

/** A table in Markdown, with the faults below it. */
export function formatRows(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    `\`${row.attack}\``,
    row.store,
    row.sent,
    row.cameBack,
    row.isAlive ? 'yes' : 'NO',
    row.liveness === undefined ? '' : `${row.liveness.slowestMs} ms`,
    `${row.peakMegabytes} MB`,
    faultsOf(row).length === 0 ? 'held' : 'BROKEN',
  ])
  const table = [TITLES, TITLES.map(() => '---'), ...cells].map((row) => `| ${row.join(' | ')} |`)
  const faults = rows.flatMap((row) =>
    faultsOf(row).map((fault) => `${row.attack} (${row.store}): ${fault}`),
  )
  return [...table, ...(faults.length === 0 ? [] : ['', ...faults])].join('\n')
}
