import { VIEWS, type Place, type View } from './address.ts'
import { byId } from './dom.ts'
import { createViewLinks, FIRST_LINKS } from './view-links.ts'

/** Of the views the one that the address names; the head of the page marks its link. */

const NAMES: Readonly<Record<View, string>> = {
  orders: 'Orders',
  events: 'Events',
  operations: 'Operations',
}

const linksOf = createViewLinks()

/** By their first addresses; they are changed later. */
const anchors = VIEWS.map((view) => ({
  view,
  anchor: document.querySelector(`.site-header nav a[href="${FIRST_LINKS[view]}"]`),
}))

export function showView(place: Place): void {
  const { view, order } = place
  for (const name of VIEWS) byId(`${name}-view`, HTMLElement).hidden = name !== view
  byId('view-title', HTMLElement).textContent = NAMES[view]
  const links = linksOf(place)
  for (const { view: name, anchor } of anchors) {
    anchor?.setAttribute('href', links[name])
    if (name === view) anchor?.setAttribute('aria-current', 'page')
    else anchor?.removeAttribute('aria-current')
  }
  const what = order === '' || view !== 'orders' ? NAMES[view] : order
  document.title = `${what} · CartService console`
}
