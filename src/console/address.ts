/**
 * What the page shows, as its address says it: the view, the filters, the open order, and whether the
 * rows are paused. It survives a reload and can be sent to somebody. It is the part behind the `#`,
 * which browsers keep to themselves: no id gets into the log of a server or a proxy.
 */

export const VIEWS = ['orders', 'events', 'operations'] as const

export type View = (typeof VIEWS)[number]

/** Empty texts filter nothing. */
export interface Filters {
  /** The beginning of an order id, or a customer id. */
  readonly search: string
  readonly status: string
  readonly customer: string
  /** Days as the reader's clock has them, both included: 2026-01-31. */
  readonly from: string
  readonly to: string
}

export interface Place extends Filters {
  readonly view: View
  /** Of the open order; empty while none is open. */
  readonly order: string
  readonly isPaused: boolean
}

export const NO_FILTERS: Filters = { search: '', status: '', customer: '', from: '', to: '' }

export function readPlace(hash: string): Place {
  const parameters = new URLSearchParams(hash.replace(/^#/u, ''))
  const textOf = (name: string): string => parameters.get(name) ?? ''
  return {
    view: VIEWS.find((view) => view === parameters.get('view')) ?? 'orders',
    order: textOf('order'),
    isPaused: textOf('paused') === '1',
    search: textOf('search'),
    status: textOf('status'),
    customer: textOf('customer'),
    from: textOf('from'),
    to: textOf('to'),
  }
}

export function writePlace({ view, isPaused, ...texts }: Place): string {
  const parameters = new URLSearchParams()
  if (view !== 'orders') parameters.set('view', view)
  for (const name of ['search', 'status', 'customer', 'from', 'to', 'order'] as const) {
    if (texts[name] !== '') parameters.set(name, texts[name])
  }
  if (isPaused) parameters.set('paused', '1')
  return `#${parameters}`
}
