import { textOf, type ReceivedSpan } from '../../test/support/otlp-receiver.ts'
import { escape } from './panel-picture.ts'

/** Spans as bars over time, each trace by itself, as tools for traces draw them. */

const WIDTH = 1_280
const BARS = { left: 600, right: 1_190 }
const LINE = 26
const NANOS_PER_MS = 1_000_000n

/** Shown beside the bar, where a span has them. */
const SHOWN = [
  ['messaging.operation.name', ''],
  ['messaging.destination.partition.id', 'partition '],
  ['messaging.kafka.offset', 'offset '],
  ['messaging.batch.message_count', 'events '],
  ['http.response.status_code', 'status '],
  ['cart.result', ''],
  ['error.type', ''],
] as const

export interface Trace {
  readonly title: string
  readonly spans: readonly ReceivedSpan[]
}

export function drawTraces(traces: readonly Trace[]): string {
  return `<style>${STYLE}</style><main>${traces.map(drawTrace).join('')}</main>`
}

function drawTrace({ title, spans }: Trace): string {
  const rows = inOrder(spans)
  const begin = rows.reduce(
    (least, { span }) => earlier(least, BigInt(span.startTimeUnixNano)),
    BigInt(rows[0]?.span.startTimeUnixNano ?? 0),
  )
  const end = rows.reduce(
    (most, { span }) => (BigInt(span.endTimeUnixNano) > most ? BigInt(span.endTimeUnixNano) : most),
    begin,
  )
  const lines = rows.map((row, index) =>
    drawSpan(
      row,
      index,
      msBetween(begin, BigInt(row.span.startTimeUnixNano)),
      msBetween(begin, end),
    ),
  )
  const height = rows.length * LINE + 12
  const id = spans[0]?.traceId ?? ''
  return `<h2>${escape(title)}</h2><p>trace ${id}, ${msBetween(begin, end).toFixed(1)} ms</p><svg width="${WIDTH}" height="${height}">${lines.join('')}</svg>`
}

interface Row {
  readonly span: ReceivedSpan
  readonly depth: number
}

/** Parents first, children by their begin. */
function inOrder(spans: readonly ReceivedSpan[]): readonly Row[] {
  const known = new Set(spans.map(({ spanId }) => spanId))
  const byStart = spans.toSorted((one, other) =>
    Number(BigInt(one.startTimeUnixNano) - BigInt(other.startTimeUnixNano)),
  )
  const below = (parent: string | undefined, depth: number): readonly Row[] =>
    byStart
      .filter(({ parentSpanId = '' }) =>
        parent === undefined ? !known.has(parentSpanId) : parentSpanId === parent,
      )
      .flatMap((span) => [{ span, depth }, ...below(span.spanId, depth + 1)])
  return below(undefined, 0)
}

function drawSpan({ span, depth }: Row, index: number, beginMs: number, allMs: number): string {
  const tookMs = msBetween(BigInt(span.startTimeUnixNano), BigInt(span.endTimeUnixNano))
  const x = (ms: number): number => BARS.left + (ms / allMs) * (BARS.right - BARS.left)
  const y = index * LINE + 6
  const isError = span.status?.code === 2
  const width = Math.max(2, x(beginMs + tookMs) - x(beginMs))
  const notes = SHOWN.flatMap(([key, prefix]) => {
    const text = textOf(span, key)
    return text === '' ? [] : [`${prefix}${text}`]
  })
  const links = span.links ?? []
  if (links.length > 0)
    notes.push(
      `${links.length} link${links.length === 1 ? ` to ${links[0]?.traceId.slice(0, 8)}…` : 's'}`,
    )
  return [
    `<text x="${8 + depth * 18}" y="${y + 13}" class="name">${escape(span.name.replaceAll(/orders-[0-9a-f-]+/gu, 'order-events'))}</text>`,
    `<text x="${BARS.left - 12}" y="${y + 13}" class="note end">${escape(`${span.service}  ${notes.join(', ')}`.slice(0, 72))}</text>`,
    `<rect x="${x(beginMs)}" y="${y + 2}" width="${width}" height="14" rx="2" class="${isError ? 'bad' : 'good'}"/>`,
    `<text x="${BARS.right + 8}" y="${y + 13}" class="note">${tookMs.toFixed(1)} ms</text>`,
  ].join('')
}

function msBetween(from: bigint, to: bigint): number {
  return Number(to - from) / Number(NANOS_PER_MS)
}

function earlier(one: bigint, other: bigint): bigint {
  return one < other ? one : other
}

const STYLE = `
body { background: #fff; color: #24292e; font: 12px "DejaVu Sans", sans-serif; margin: 12px }
main { width: ${WIDTH}px }
h2 { font-size: 15px; margin: 14px 0 0 } p { margin: 2px 0 6px; color: #667 }
svg text { font: 12px "DejaVu Sans", sans-serif; fill: #24292e }
svg { background: #f6f8fa; border: 1px solid #d8dee4 }
.note { font-size: 11px !important; fill: #57606a !important }
.end { text-anchor: end }
.good { fill: #1f78c1 } .bad { fill: #e24d42 }
`
