import type { Series } from './prometheus.ts'
import type { Chapter } from './story.ts'

/** One panel as SVG: lines over time, as a dashboard draws them. */

export interface PanelData {
  readonly title: string
  readonly unit: string
  readonly isStat: boolean
  readonly lines: readonly Line[]
}

export interface Line {
  readonly name: string
  readonly points: Series['points']
}

export const PANEL_SIZE = { width: 480, height: 270 }

const PLOT = { left: 62, right: 470, top: 34, bottom: 190 }

const COLOURS = [
  '#7eb26d',
  '#eab839',
  '#6ed0e0',
  '#ef843c',
  '#e24d42',
  '#1f78c1',
  '#ba43a9',
  '#aaa',
]

const TICKS = 4
const LEGEND_LINE = 14
const LEGEND_WIDTH_CHARACTERS = 66

/** Beyond it a line has a gap: nobody was scraped. */
const GAP_SECONDS = 3

const SECONDS_PER_MINUTE = 60

/** As Grafana writes a value of this unit. */
export function formatValue(value: number, unit: string): string {
  if (unit === 'percentunit') return `${Number((value * 100).toFixed(2))} %`
  if (unit === 's') return value < 1 ? `${short(value * 1_000)} ms` : `${short(value)} s`
  if (unit === 'bytes') return `${short(value / 1e6)} MB`
  const suffix = { reqps: ' req/s', ops: ' ops/s', d: ' d' }[unit] ?? ''
  return `${short(value)}${suffix}`
}

function short(value: number): string {
  if (Math.abs(value) >= 1_000) return `${Number((value / 1_000).toPrecision(3))} k`
  return String(Number(value.toPrecision(3)))
}

export function drawPanel(panel: PanelData, chapters: readonly Chapter[]): string {
  const { title, isStat } = panel
  const body = panel.lines.length === 0 ? noData() : isStat ? stat(panel) : plot(panel, chapters)
  const { width, height } = PANEL_SIZE
  return `<svg width="${width}" height="${height}"><rect width="${width}" height="${height}" rx="3" class="panel"/><text x="12" y="20" class="title">${escape(title)}</text>${body}</svg>`
}

function noData(): string {
  return `<text x="${PANEL_SIZE.width / 2}" y="130" class="none">No data</text>`
}

function stat({ lines, unit }: PanelData): string {
  const value = lines[0]?.points.at(-1)?.[1] ?? NaN
  return `<text x="${PANEL_SIZE.width / 2}" y="150" class="stat">${formatValue(value, unit)}</text>`
}

function plot({ lines, unit }: PanelData, chapters: readonly Chapter[]): string {
  const from = chapters[0]?.from ?? 0
  const to = chapters.at(-1)?.to ?? 1
  const values = lines.flatMap(({ points }) => points.map(([, value]) => value))
  const top = niceTop(Math.max(...values.filter(Number.isFinite), 0))
  const x = (at: number): number =>
    PLOT.left + ((at - from) / (to - from)) * (PLOT.right - PLOT.left)
  const y = (value: number): number =>
    PLOT.bottom - (Math.min(value, top) / top) * (PLOT.bottom - PLOT.top)
  return [
    ...chapters.flatMap((chapter, index) => (index % 2 === 0 ? [] : [band(chapter, x)])),
    ...Array.from({ length: TICKS + 1 }, (_, index) => valueTick((top * index) / TICKS, unit, y)),
    ...minutes(from, to).map((at) => timeTick(at - from, x(at))),
    ...lines.map(({ points }, index) => path(points, colourOf(index), x, y)),
    legend(lines, unit),
  ].join('')
}

function niceTop(most: number): number {
  if (most <= 0) return 1
  const power = 10 ** Math.floor(Math.log10(most))
  return ([1, 2, 4, 5, 8, 10].find((step) => step * power >= most) ?? 10) * power
}

function band({ from, to }: Chapter, x: (at: number) => number): string {
  const height = PLOT.bottom - PLOT.top
  return `<rect x="${x(from)}" y="${PLOT.top}" width="${x(to) - x(from)}" height="${height}" class="band"/>`
}

function valueTick(value: number, unit: string, y: (value: number) => number): string {
  const at = y(value)
  return `<line x1="${PLOT.left}" x2="${PLOT.right}" y1="${at}" y2="${at}" class="grid"/><text x="${PLOT.left - 6}" y="${at + 4}" class="tick end">${formatValue(value, unit)}</text>`
}

function minutes(from: number, to: number): readonly number[] {
  const half = SECONDS_PER_MINUTE / 2
  return Array.from(
    { length: Math.floor((to - from) / half) + 1 },
    (_, index) => from + index * half,
  )
}

function timeTick(seconds: number, x: number): string {
  const rest = String(seconds % SECONDS_PER_MINUTE).padStart(2, '0')
  return `<text x="${x}" y="${PLOT.bottom + 15}" class="tick middle">${Math.floor(seconds / SECONDS_PER_MINUTE)}:${rest}</text>`
}

function path(
  points: Line['points'],
  colour: string,
  x: (at: number) => number,
  y: (value: number) => number,
): string {
  let last = -Infinity
  const steps = points
    .filter(([, value]) => Number.isFinite(value))
    .map(([at, value]) => {
      const command = at - last > GAP_SECONDS ? 'M' : 'L'
      last = at
      return `${command}${x(at).toFixed(1)} ${y(value).toFixed(1)}`
    })
  return `<path d="${steps.join('')}" fill="none" stroke="${colour}" stroke-width="1.5"/>`
}

function legend(lines: readonly Line[], unit: string): string {
  let used = 0
  let row = 0
  const names = lines.map(({ name, points }, index) => {
    const last = points.findLast(([, value]) => Number.isFinite(value))?.[1] ?? NaN
    const text = `${name}: ${formatValue(last, unit)}`
    if (used > 0 && used + text.length > LEGEND_WIDTH_CHARACTERS) {
      used = 0
      row += 1
    }
    const at = 14 + used * 6.6
    used += text.length + 4
    const y = PLOT.bottom + 34 + row * LEGEND_LINE
    return `<rect x="${at}" y="${y - 7}" width="10" height="4" fill="${colourOf(index)}"/><text x="${at + 14}" y="${y}" class="legend">${escape(text)}</text>`
  })
  return names.join('')
}

function colourOf(index: number): string {
  return COLOURS[index % COLOURS.length] ?? '#aaa'
}

export function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
