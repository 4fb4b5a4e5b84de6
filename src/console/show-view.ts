import { VIEWS, type Place, type View } from './address.ts'
import { byId } from './dom.ts'

/** Of the views the one that the address names; the head of the page marks its link. */

const NAMES: Readonly<Record<View, string>> = {
  orders: 'Orders',
  events: 'Events',
  operations: 'Operations',
}

export function showView({ view, order }: Place): void {
  for (const name of VIEWS) byId(`${name}-view`, HTMLElement).hidden = name !== view
  byId('view-title', HTMLElement).textContent = NAMES[view]
  for (const link of document.querySelectorAll<HTMLAnchorElement>('.site-header nav a')) {
    if (link.getAttribute('href') === linkOf(view)) link.setAttribute('aria-current', 'page')
    else link.removeAttribute('aria-current')
  }
  const what = order === '' || view !== 'orders' ? NAMES[view] : order
  document.title = `${what} · CartService console`
}

function linkOf(view: View): string {
  return view === 'orders' ? 'console#' : `console#view=${view}`
}
