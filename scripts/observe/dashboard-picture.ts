import { readFile } from 'node:fs/promises'
import { drawPanel, escape, PANEL_SIZE, type Line, type PanelData } from './panel-picture.ts'
import { SCRAPE_SECONDS, type Prometheus, type Series } from './prometheus.ts'
import type { Chapter } from './story.ts'

/** The dashboard, panel by panel, by the expressions of its own JSON. */

const DASHBOARD = new URL('../../deploy/observability/cart-dashboard.json', import.meta.url)

/** Grafana takes four scrapes at least. */
const RATE_INTERVAL = `${4 * SCRAPE_SECONDS + 1}s`

interface Dashboard {
  readonly panels: readonly DashboardPanel[]
}

interface DashboardPanel {
  readonly title: string
  readonly type: 'row' | 'timeseries' | 'stat'
  readonly fieldConfig?: { readonly defaults: { readonly unit: string } }
  readonly targets?: ReadonlyArray<{ readonly expr: string; readonly legendFormat: string }>
}

export async function drawDashboard(
  prometheus: Prometheus,
  chapters: readonly Chapter[],
): Promise<string> {
  const { panels } = JSON.parse(await readFile(DASHBOARD, 'utf8')) as Dashboard
  const parts: string[] = []
  for (const panel of panels) {
    if (panel.type === 'row') parts.push(`<h2>${escape(panel.title)}</h2>`)
    else parts.push(drawPanel(await readPanel(panel, prometheus, chapters), chapters))
  }
  const width = 3 * (PANEL_SIZE.width + 8)
  return `<style>${STYLE} main { width: ${width}px }</style><main>${describe(chapters)}${parts.join('')}</main>`
}

async function readPanel(
  { title, type, fieldConfig, targets = [] }: DashboardPanel,
  prometheus: Prometheus,
  chapters: readonly Chapter[],
): Promise<PanelData> {
  const from = chapters[0]?.from ?? 0
  const to = chapters.at(-1)?.to ?? 0
  const lines: Line[] = []
  for (const { expr, legendFormat } of targets) {
    const asked = expr.replaceAll('$instance', '.*').replaceAll('$__rate_interval', RATE_INTERVAL)
    const found = await prometheus.query(asked, from, to)
    lines.push(...found.map((series) => ({ name: nameOf(series, legendFormat), ...series })))
  }
  return {
    title,
    unit: fieldConfig?.defaults.unit ?? 'short',
    isStat: type === 'stat',
    lines: lines.filter(({ points }) => points.some(([, value]) => Number.isFinite(value))),
  }
}

function nameOf({ labels }: Series, legendFormat: string): string {
  return legendFormat.replaceAll(/\{\{(\w+)\}\}/gu, (_, label: string) => labels[label] ?? '')
}

function describe(chapters: readonly Chapter[]): string {
  const [{ from: begin } = { from: 0 }] = chapters
  const told = chapters.map(({ title, from, to }) => {
    const seconds = [from, to].map((at) => Math.round(at - begin))
    return `${seconds.join('–')} s ${title}`
  })
  return `<p>${told.map(escape).join(' · ')}</p>`
}

const STYLE = `
body { background: #111217; color: #ccccdc; font: 12px "DejaVu Sans", sans-serif; margin: 8px }
main { display: flex; flex-wrap: wrap; gap: 8px }
h2, p { flex-basis: 100%; margin: 6px 4px 0 }
h2 { font-size: 15px }
svg text { fill: #ccccdc; font: 11px "DejaVu Sans", sans-serif }
.panel { fill: #181b1f; stroke: #2c3235 }
.title { font-size: 13px !important; font-weight: bold !important }
.stat { font-size: 44px !important; text-anchor: middle; fill: #73bf69 !important }
.none { text-anchor: middle; fill: #888 !important }
.grid { stroke: #2c3235 }
.band { fill: #f2495c; opacity: .12 }
.end { text-anchor: end }
.middle { text-anchor: middle }
.legend { font-size: 10.5px !important }
`
