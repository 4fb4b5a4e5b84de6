import type { Order } from './order-json.ts'
import { customerText, element, statusPill, userText } from './dom.ts'
import { amountText, momentText } from './format.ts'

/** One line of the list. It stays the same element while its order changes: a click always meets it. */

export interface RowView {
  readonly line: HTMLTableRowElement
  /** Its address is the caller's: it changes with the place. */
  readonly link: HTMLAnchorElement
  /** The same order has changed. */
  readonly update: (order: Order) => void
  /** Another order has the line from now on: to make a line anew costs far more. */
  readonly assign: (order: Order) => void
}

export function createRow(): RowView {
  const link = element('a')
  const status = element('td', { class: 'cell-status' })
  const customer = element('td', { class: 'cell-customer' })
  const items = element('td', { class: 'cell-items number' })
  const total = element('td', { class: 'cell-total number' })
  const created = element('td', { class: 'cell-created number' })
  const head = element('th', { scope: 'row' }, link)
  const line = element('tr', {}, head, status, customer, items, total, created)
  let shown = ''
  let shownCustomer: string | undefined

  function showCustomer(now: string): void {
    shownCustomer = now
    customer.replaceChildren(customerText(now))
  }

  function showStatus(now: string): void {
    shown = now
    status.replaceChildren(statusPill(now))
  }

  return {
    line,
    link,
    // Nothing else of an order ever changes; an erasure takes the customer out.
    update({ status: now, customerId }) {
      if (customerId !== shownCustomer) showCustomer(customerId)
      if (now === shown) return
      showStatus(now)
      mark(line)
    },
    assign(order) {
      line.dataset['orderId'] = order.orderId
      line.className = ''
      link.replaceChildren(userText(order.orderId))
      showCustomer(order.customerId)
      items.textContent = String(order.items.length)
      total.textContent = amountText(order.totalAmount, order.currency)
      created.textContent = momentText(order.orderDate)
      showStatus(order.status)
    },
  }
}

/**
 * Shortly, so that an eye that is elsewhere sees it. Of two names that look alike by turns: an animation
 * begins anew only under another name, and to ask the browser for it would cost a layout.
 */
export function mark(line: HTMLElement): void {
  const isEven = line.classList.contains('is-marked-odd')
  line.classList.toggle('is-marked-odd', !isEven)
  line.classList.toggle('is-marked-even', isEven)
}
