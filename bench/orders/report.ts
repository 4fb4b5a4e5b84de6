import type { Alone } from './alone.ts'
import { usualCase, type LoadCase, type LoadPart, type Store, type TargetShape } from './cases.ts'
import type { HalfRate } from './half-rate.ts'
import type { Figures, Row } from './measure.ts'
import type { StartTime } from './start-time.ts'
import { markdownTable, median } from './table.ts'

/** What was measured, as tables of Markdown. Of several rounds each figure is the median. */

const BYTES_PER_KB = 1_000
const BYTES_PER_MB = 1_000_000

const STORE_NAMES: Record<Store, string> = {
  none: 'bare route',
  sqlite: 'SQLite',
  postgres: 'PostgreSQL',
}

type Measure = (figures: Figures) => number

export function reportPart(part: LoadPart, rows: readonly Row[]): string {
  const sections = [
    `## ${part.name}`,
    '',
    'Processor time, µs an order:',
    '',
    processorTable(rows),
    '',
    'Rate, latency, bytes an order, memory:',
    '',
    workTable(rows),
  ]
  if (part.isComparison) sections.push('', ...compareRows(rows))
  return sections.join('\n')
}

function processorTable(rows: readonly Row[]): string {
  const head = 'main thread, other threads, Kafka, PostgreSQL, load, all, main × bare, all × bare'
  return markdownTable(
    ['requests', 'store', ...head.split(', ')],
    rows.map((row) => [
      caseName(row.load),
      targetName(row.target),
      middle(row, ({ mainMicros }) => mainMicros),
      middle(row, ({ otherMicros }) => otherMicros),
      middle(row, ({ kafkaMicros }) => kafkaMicros),
      middle(row, ({ postgresMicros }) => postgresMicros),
      middle(row, ({ loadMicros }) => loadMicros),
      middle(row, ({ allMicros }) => allMicros),
      ratio(row, bareOf(row, rows), ({ mainMicros }) => mainMicros),
      ratio(row, bareOf(row, rows), ({ allMicros }) => allMicros),
    ]),
  )
}

function workTable(rows: readonly Row[]): string {
  const head =
    'orders/s, × bare, p50 ms, p99 ms, written kB, WAL kB, allocated kB, resident MB, failed'
  return markdownTable(
    ['requests', 'store', ...head.split(', ')],
    rows.map((row) => [
      caseName(row.load),
      targetName(row.target),
      middle(row, ({ perSecond }) => perSecond),
      ratio(row, bareOf(row, rows), ({ perSecond }) => perSecond),
      middle(row, ({ p50Ms }) => p50Ms, 2),
      middle(row, ({ p99Ms }) => p99Ms, 2),
      middle(row, ({ writtenBytes }) => writtenBytes / BYTES_PER_KB, 1),
      middle(row, ({ walBytes }) => walBytes / BYTES_PER_KB, 1),
      middle(row, ({ allocatedBytes }) => allocatedBytes / BYTES_PER_KB, 1),
      middle(row, ({ residentBytes }) => residentBytes / BYTES_PER_MB),
      String(row.rounds.reduce((sum, { failed }) => sum + failed, 0)),
    ]),
  )
}

/** Each row against the first one of its store with as many connections. */
function compareRows(rows: readonly Row[]): readonly string[] {
  return rows.flatMap((row) => {
    const first = rows.find(
      ({ target, load }) =>
        target.store === row.target.store && load.connections === row.load.connections,
    )
    if (first === undefined || first === row) return []
    const names = [row, first].map(({ target, load }) => `${targetName(target)}, ${caseName(load)}`)
    const time = ratio(row, first, ({ allMicros }) => allMicros)
    const rate = ratio(row, first, ({ perSecond }) => perSecond)
    return [`- ${names.join(' against ')}: processor time × ${time}, rate × ${rate}`]
  })
}

export function reportHalfRate(found: readonly HalfRate[]): string {
  const rows = found.map(({ target, connections, maximal, half }) => [
    caseName(usualCase(connections)),
    targetName(target),
    fixed(maximal.perSecond),
    fixed(half.perSecond),
    fixed(half.p50Ms, 2),
    fixed(half.p99Ms, 2),
    fixed(half.p99Ms / half.p50Ms, 1),
    String(half.failed),
  ])
  const head = 'requests, store, most/s, sent/s, p50 ms, p99 ms, p99 / p50, failed'
  return ['## rate', '', markdownTable(head.split(', '), rows)].join('\n')
}

export function reportStarts(found: readonly StartTime[]): string {
  const rows = [true, false].map((isNew) => {
    const starts = found.filter((start) => start.isNew === isNew)
    return [
      isNew ? 'new' : 'as they were',
      fixed(median(starts.map(({ readyMs }) => readyMs))),
      fixed(median(starts.map(({ residentBytes }) => residentBytes / BYTES_PER_MB))),
    ]
  })
  const head = ['topic and store (SQLite)', 'ready after ms', 'resident at rest MB']
  return ['## start', '', markdownTable(head, rows)].join('\n')
}

export function reportAlone(found: readonly Alone[]): string {
  const rows = found.map(({ createP50Ms, sendP50Ms, fsyncP50Ms }) => [
    fixed(createP50Ms, 2),
    fixed(sendP50Ms, 2),
    fixed(fsyncP50Ms, 2),
    fixed(createP50Ms / (sendP50Ms + fsyncP50Ms), 2),
  ])
  const head = ['create, p50 ms', 'acked send, p50 ms', 'fdatasync, p50 ms', 'create / both']
  return ['## alone', '', markdownTable(head, rows)].join('\n')
}

function targetName({ store, partitions, storedOrders }: TargetShape): string {
  if (store === 'none') return STORE_NAMES[store]
  const stored = storedOrders === 0 ? '' : `, ${storedOrders} stored`
  return `${STORE_NAMES[store]}, ${partitions} partitions${stored}`
}

function caseName({ kind, connections, items, hasRandomIds }: LoadCase): string {
  const ids = hasRandomIds ? ', random ids' : ''
  const plural = connections === 1 ? '' : 's'
  return `${kind}, ${items} items${ids}, ${connections} connection${plural}`
}

function bareOf(row: Row, rows: readonly Row[]): Row | undefined {
  return rows.find(({ target, load }) => target.store === 'none' && load === row.load)
}

function middle({ rounds }: Row, measure: Measure, decimals = 0): string {
  return fixed(median(rounds.map(measure)), decimals)
}

/** The median of the ratios of the rounds, in each of which both had their turn. */
function ratio(row: Row, base: Row | undefined, measure: Measure): string {
  if (base === undefined) return '–'
  const ratios = row.rounds.map((figures, round) => {
    const against = base.rounds[round]
    return against === undefined ? NaN : measure(figures) / measure(against)
  })
  return fixed(median(ratios), 2)
}

function fixed(value: number, decimals = 0): string {
  return value.toFixed(decimals)
}
