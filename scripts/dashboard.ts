/** The dashboard for Grafana, as `npm run docs:generate` writes it to deploy/observability. */
import { ROWS, type Panel, type Row } from './dashboard-panels.ts'

const SOURCE = { type: 'prometheus', uid: '$source' }

/** Of Grafana's grid, which is 24 wide. */
const PANEL = { w: 8, h: 8 }
const PANELS_IN_LINE = 3

function toPanel(
  { title, description, unit, kind = 'timeseries', queries }: Panel,
  x: number,
  y: number,
  id: number,
) {
  return {
    id,
    type: kind,
    title,
    description,
    datasource: SOURCE,
    gridPos: { ...PANEL, x, y },
    fieldConfig: { defaults: { unit, min: kind === 'stat' ? undefined : 0 }, overrides: [] },
    options: kind === 'stat' ? {} : { legend: { displayMode: 'list', placement: 'bottom' } },
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCodePoint(65 + index),
      datasource: SOURCE,
      expr,
      legendFormat: legend,
      exemplar: expr.includes('cart_publish_ack_seconds_bucket'),
    })),
  }
}

function layOut(rows: readonly Row[]): readonly object[] {
  const panels: object[] = []
  let y = 0
  for (const { title, panels: inRow } of rows) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title,
      collapsed: false,
      gridPos: { w: 24, h: 1, x: 0, y },
      panels: [],
    })
    y += 1
    for (const [index, panel] of inRow.entries()) {
      const x = (index % PANELS_IN_LINE) * PANEL.w
      panels.push(
        toPanel(panel, x, y + Math.floor(index / PANELS_IN_LINE) * PANEL.h, panels.length + 1),
      )
    }
    y += Math.ceil(inRow.length / PANELS_IN_LINE) * PANEL.h
  }
  return panels
}

export function renderDashboard(): string {
  const dashboard = {
    uid: 'cart-service',
    title: 'CartService',
    tags: ['cart-service'],
    editable: true,
    schemaVersion: 39,
    refresh: '30s',
    time: { from: 'now-3h', to: 'now' },
    templating: {
      list: [
        { name: 'source', label: 'Prometheus', type: 'datasource', query: 'prometheus' },
        {
          name: 'instance',
          label: 'Instance',
          type: 'query',
          datasource: SOURCE,
          query: { query: 'label_values(cart_build_info, instance)', refId: 'instance' },
          refresh: 2,
          multi: true,
          includeAll: true,
          allValue: '.*',
          current: { text: 'All', value: '$__all' },
        },
      ],
    },
    panels: layOut(ROWS),
  }
  return `${JSON.stringify(dashboard, undefined, 2)}\n`
}
