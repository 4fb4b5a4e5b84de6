import { hrefOf } from './navigation.ts'
import {
  ASK_AGAIN_AFTER_MS,
  isPassing,
  orderPath,
  read,
  sentenceOf,
  type OrderEvent,
} from './api-client.ts'
import { isErased, type Order, type Page } from './order-json.ts'
import type { Addresses } from './copy-commands.ts'
import { button, element, statusPill, userText } from './dom.ts'
import { eventItem } from './event-anatomy.ts'
import { amountText, amountWithoutCurrency, countText, momentText } from './format.ts'
import { createStatusChange } from './status-change.ts'

/** One order: what it is, its next step, its items, and the statuses that it has had. */

const PAGE_EVENTS = 50

const ORDER_NOT_FOUND = 'ORDER_NOT_FOUND'

export interface OpenOrder {
  readonly orderId: string
  /** It changed: reads what is new. */
  readonly refresh: () => void
}

export interface PanelOptions {
  readonly addresses: () => Addresses
  readonly onClose: () => void
}

/** Fills the panel. The caller empties it, which ends everything. */
export function openOrder(panel: HTMLElement, orderId: string, options: PanelOptions): OpenOrder {
  const { addresses, onClose } = options
  const heading = element('h2', { tabindex: '-1', id: 'detail-title' }, userText(orderId))
  const pill = element('span', { class: 'heading-status' })
  const close = button('×', onClose, 'quiet close')
  close.setAttribute('aria-label', 'Close')
  const note = element('p', { class: 'note', role: 'status' }, 'Reading…')
  const facts = element('div', { class: 'facts' })
  const items = element('div', { class: 'items' })
  const timeline = element('ol', { class: 'timeline' })
  const more = button('Later events', () => void readHistory(), 'small')
  more.hidden = true
  const change = createStatusChange(orderId, addresses, () => void refresh())
  change.disable()
  const content = element(
    'div',
    { class: 'panel-content', hidden: '' },
    facts,
    change.section,
    items,
    element('h3', {}, 'Timeline'),
    timeline,
    more,
  )
  panel.replaceChildren(
    element('header', { class: 'panel-head' }, heading, pill, close),
    note,
    content,
  )
  panel.scrollTop = 0
  heading.focus()

  let version = 0
  let cursor: string | null = null
  let lastCursor: string | undefined
  let isReading = false
  let isStale = false
  let asking: ReturnType<typeof setTimeout> | undefined

  async function refresh(): Promise<void> {
    // One at a time; what changes meanwhile is read afterwards.
    isStale = true
    if (isReading) return
    isReading = true
    clearTimeout(asking)
    let isUnread = false
    while (isStale && panel.contains(heading)) {
      isStale = false
      isUnread = await readOrder()
      if (cursor === null && !content.hidden) isUnread = (await readHistory()) || isUnread
    }
    isReading = false
    // The stream continues after an outage, and says nothing of what could not be read meanwhile.
    if (isUnread) asking = setTimeout(() => void refresh(), ASK_AGAIN_AFTER_MS)
  }

  /** True when it has to be asked for again. */
  async function readOrder(): Promise<boolean> {
    const answer = await read<{ data: Order }>(orderPath(orderId))
    const isRead = answer.kind === 'success' && answer.entityTag !== null
    note.textContent = answer.kind === 'success' ? '' : sentenceOf(answer)
    if (!isRead) {
      change.disable()
      // What is not there has nothing to show; what cannot be asked for now is left as it was.
      const isGone = answer.kind === 'problem' && answer.problem.code === ORDER_NOT_FOUND
      if (isGone) content.hidden = true
      return isPassing(answer)
    }
    const { data } = answer.body
    content.hidden = false
    pill.replaceChildren(statusPill(data.status))
    facts.replaceChildren(...orderFacts(data))
    if (items.childElementCount === 0) items.replaceChildren(...itemTable(data))
    // It takes no change any more.
    if (isErased(data)) change.disable()
    else change.show(data.status, answer.entityTag ?? '')
    return false
  }

  /**
   * From the last version on that is shown: what is there is not drawn again. True when it has to be
   * asked for again.
   */
  async function readHistory(): Promise<boolean> {
    const query = new URLSearchParams({ limit: String(PAGE_EVENTS) })
    const after = cursor ?? lastCursor
    if (after !== undefined) query.set('cursor', after)
    const answer = await read<Page<OrderEvent>>(`${orderPath(orderId)}/events?${query}`)
    if (answer.kind !== 'success') {
      note.textContent = sentenceOf(answer)
      return isPassing(answer)
    }
    cursor = answer.body.nextCursor
    lastCursor = cursor ?? lastCursor
    more.hidden = cursor === null
    for (const event of answer.body.data) {
      if (event.version <= version) continue
      version = event.version
      timeline.prepend(eventItem(orderId, event, addresses))
    }
    return false
  }

  void refresh()
  return { orderId, refresh: () => void refresh() }
}

function orderFacts(order: Order): Node[] {
  const { customerId, orderDate, totalAmount, currency } = order
  const href = hrefOf({ view: 'orders', customer: customerId, search: '', order: '' })
  const customer = isErased(order)
    ? 'customer erased'
    : element('a', { href, title: 'All their orders' }, userText(customerId))
  return [
    element('p', { class: 'total' }, amountText(totalAmount, currency)),
    element('p', { class: 'sub' }, customer, ` · ordered ${momentText(orderDate)}`),
  ]
}

function itemTable({ items, currency, totalAmount }: Order): Node[] {
  const lines = items.map(({ itemId, quantity, price }) =>
    element(
      'tr',
      {},
      element('td', {}, userText(itemId)),
      element('td', { class: 'number' }, String(quantity)),
      element('td', { class: 'number' }, amountWithoutCurrency(price, currency)),
      // Written with the decimals of the currency, which rounds away what a number adds to them.
      element('td', { class: 'number' }, amountWithoutCurrency(quantity * price, currency)),
    ),
  )
  const head = ['Item', 'Quantity', 'Price', 'Amount'].map((name, index) =>
    element('th', { scope: 'col', class: index === 0 ? '' : 'number' }, name),
  )
  const total = element(
    'tr',
    {},
    element('th', { scope: 'row', colspan: '3' }, 'Total'),
    element('td', { class: 'number' }, amountText(totalAmount, currency)),
  )
  return [
    element('h3', {}, countText(items.length, 'item')),
    element(
      'table',
      { class: 'item-table' },
      element('thead', {}, element('tr', {}, ...head)),
      element('tbody', {}, ...lines),
      element('tfoot', {}, total),
    ),
  ]
}
