import {
  orderPath,
  read,
  sentenceOf,
  updateOrderCommand,
  type Order,
  type OrderEvent,
  type Page,
} from './api-client.ts'
import { startCommandForm } from './command-form.ts'
import { copyButtons } from './copy-buttons.ts'
import { asCurl, asPython, type Addresses, type Request } from './copy-commands.ts'
import { button, element, statusPill, userText } from './dom.ts'
import { eventItem } from './event-anatomy.ts'
import { amountText, momentText } from './format.ts'

/** One order: what it is, a form to change its status, and its history on the topic. */

export const STATUSES = ['pending', 'confirmed', 'shipped', 'delivered', 'cancelled'] as const

const PAGE_EVENTS = 50

export interface OpenOrder {
  readonly orderId: string
  /** It changed: reads what is new. */
  readonly refresh: () => void
}

/** Fills the panel. The caller empties it, which ends everything. */
export function openOrder(
  panel: HTMLElement,
  orderId: string,
  addresses: () => Addresses,
  onClose: () => void,
): OpenOrder {
  const heading = element('h2', { tabindex: '-1', id: 'detail-title' }, userText(orderId))
  const close = button('Close', onClose, 'small')
  const note = element('p', { class: 'note', role: 'status' }, 'Reading…')
  const facts = element('div', { class: 'facts' })
  const history = element('ol', { class: 'history' })
  const more = button('Later events', () => void readHistory(), 'small')
  more.hidden = true
  const form = statusForm(orderId, addresses, () => void refresh())
  panel.replaceChildren(
    element('header', { class: 'panel-head' }, heading, close),
    note,
    facts,
    form.section,
    element('h3', {}, 'History'),
    history,
    more,
  )
  heading.focus()

  let version = 0
  let cursor: string | null = null
  let isReading = false
  let isStale = false

  async function refresh(): Promise<void> {
    // One at a time; what changes meanwhile is read afterwards.
    isStale = true
    if (isReading) return
    isReading = true
    while (isStale && panel.contains(heading)) {
      isStale = false
      await readOrder()
      if (cursor === null) await readHistory()
    }
    isReading = false
  }

  async function readOrder(): Promise<void> {
    const answer = await read<{ data: Order }>(orderPath(orderId))
    note.textContent = answer.kind === 'success' ? '' : sentenceOf(answer)
    if (answer.kind !== 'success') return
    facts.replaceChildren(...orderFacts(answer.body.data))
    form.show(answer.body.data.status)
  }

  /** From the last version on that is shown: what is there is not drawn again. */
  async function readHistory(): Promise<void> {
    const query = new URLSearchParams({ limit: String(PAGE_EVENTS) })
    const after = cursor ?? lastCursor
    if (after !== undefined) query.set('cursor', after)
    const answer = await read<Page<OrderEvent>>(`${orderPath(orderId)}/events?${query}`)
    if (answer.kind !== 'success') {
      note.textContent = sentenceOf(answer)
      return
    }
    cursor = answer.body.nextCursor
    lastCursor = cursor ?? lastCursor
    more.hidden = cursor === null
    const isFirst = version === 0
    for (const event of answer.body.data) {
      if (event.version <= version) continue
      version = event.version
      history.prepend(eventItem(orderId, event, addresses))
    }
    // The newest of a freshly opened order is what most look for.
    const newest = history.querySelector('details')
    if (isFirst && newest !== null) newest.open = true
  }

  let lastCursor: string | undefined
  void refresh()
  return { orderId, refresh: () => void refresh() }
}

function orderFacts(order: Order): Node[] {
  const { status, customerId, orderDate, totalAmount, currency, items } = order
  const summary = element(
    'p',
    { class: 'summary' },
    statusPill(status),
    element('b', {}, amountText(totalAmount, currency)),
    element('span', { class: 'sub' }, userText(customerId), `, created ${momentText(orderDate)}`),
  )
  const lines = items.map(({ itemId, quantity, price }) =>
    element(
      'tr',
      {},
      element('td', {}, userText(itemId)),
      element('td', { class: 'number' }, `${quantity} ×`),
      element('td', { class: 'number' }, amountText(price, currency)),
    ),
  )
  const table = element('table', { class: 'items' }, element('tbody', {}, ...lines))
  const count = `${items.length} ${items.length === 1 ? 'item' : 'items'}`
  return [summary, element('details', {}, element('summary', {}, count), table)]
}

function statusForm(orderId: string, addresses: () => Addresses, onDone: () => void) {
  const select = element(
    'select',
    { name: 'status', id: 'new-status' },
    ...STATUSES.map((status) => element('option', { value: status }, status)),
  )
  const form = element(
    'form',
    { class: 'inline-form', novalidate: '' },
    element('label', { for: 'new-status' }, 'New status'),
    select,
    element('button', { type: 'submit', class: 'primary' }, 'Update'),
  )
  const result = element('p', { class: 'result', role: 'status' })
  const body = (): { orderId: string; status: string } => ({ orderId, status: select.value })
  startCommandForm({ form, result, command: () => updateOrderCommand(body()), onDone })
  const request = (): Request => ({ method: 'PUT', path: 'api/update-order', body: body() })
  const copy = copyButtons('Copy as', [
    { label: 'curl', text: () => asCurl(addresses(), request()) },
    { label: 'Python', text: () => asPython(addresses(), request()) },
  ])
  let shown = ''
  let isChosen = false
  select.addEventListener('change', () => {
    isChosen = true
  })
  form.addEventListener('submit', () => {
    isChosen = false
  })
  return {
    section: element('section', {}, form, result, copy),
    /** Offers what usually comes next, unless the user has chosen something else. */
    show(status: string) {
      if (shown === status) return
      shown = status
      if (isChosen) return
      const next = STATUSES[STATUSES.findIndex((known) => known === status) + 1]
      select.value = next === undefined || next === 'cancelled' ? status : next
    },
  }
}
