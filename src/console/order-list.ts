import { read, sentenceOf, type Order, type Page } from './api-client.ts'
import { element, statusPill, userText } from './dom.ts'
import { amountText, momentText } from './format.ts'
import type { LiveEvent } from './live-stream.ts'

/** The orders, newest first: those that were there, and live what becomes of them. Bounded. */

/** As many as the page holds, and as one page of the API may have. */
const ROWS_MAX = 200
const PAGE_ORDERS = 50

interface Row {
  readonly order: Order
  readonly line: HTMLTableRowElement
}

export interface ListView {
  readonly body: HTMLElement
  readonly empty: HTMLElement
  readonly older: HTMLButtonElement
  readonly newest: HTMLButtonElement
  readonly note: HTMLElement
  readonly filter: HTMLSelectElement
}

export interface OrderList {
  /** Reads the newest orders, as after a start. */
  readonly reload: () => void
  readonly add: (event: LiveEvent) => void
}

export function startOrderList(view: ListView): OrderList {
  let rows: Row[] = []
  /** What changed since the page was last asked for: what comes live is newer than its answer. */
  let touched = new Map<string, Row>()
  let cursor: string | null = null
  /** The last rows were dropped, so the cursor leaves a gap. */
  let isCut = false
  /** The first rows were dropped for older ones: what is new does not belong here. */
  let isPast = false
  let reading = 0
  let waiting: LiveEvent[] = []
  let hasDropped = false
  let unseen = 0

  async function reload(limit = PAGE_ORDERS): Promise<void> {
    touched.clear()
    const page = await readPage(limit, null)
    if (page === undefined) return
    isPast = false
    unseen = 0
    rows = page.data.map((order) => touched.get(order.orderId) ?? rowOf(order))
    // What came after the page was made.
    const known = new Set(rows.map(({ order }) => order.orderId))
    for (const row of touched.values()) if (!known.has(row.order.orderId)) place(row)
    cursor = page.nextCursor
    isCut = false
    show()
  }

  async function loadOlder(): Promise<void> {
    if (isCut) await reload(ROWS_MAX)
    // Not read: to go on from the old place would leave orders out.
    if (isCut || cursor === null) return
    const page = await readPage(PAGE_ORDERS, cursor)
    if (page === undefined) return
    const first = page.data[0]?.orderId
    rows.push(...page.data.map((order) => rowOf(order)))
    cursor = page.nextCursor
    if (rows.length > ROWS_MAX) {
      rows = rows.slice(-ROWS_MAX)
      isPast = true
    }
    show()
    const target = rows.find(({ order }) => order.orderId === first)
    target?.line.querySelector('a')?.focus()
  }

  async function readPage(limit: number, after: string | null): Promise<Page<Order> | undefined> {
    const number = (reading += 1)
    const query = new URLSearchParams({ limit: String(limit) })
    if (after !== null) query.set('cursor', after)
    if (view.filter.value !== '') query.set('status', view.filter.value)
    const answer = await read<Page<Order>>(`api/orders?${query}`)
    // A later question makes this answer old.
    if (number !== reading) return undefined
    view.note.textContent = answer.kind === 'success' ? '' : sentenceOf(answer)
    return answer.kind === 'success' ? answer.body : undefined
  }

  function add(event: LiveEvent): void {
    // Bounded: a tab in the background gets no frames. What it dropped is read anew.
    if (waiting.length >= ROWS_MAX) {
      waiting.shift()
      hasDropped = true
    }
    if (waiting.push(event) === 1) requestAnimationFrame(applyWaiting)
  }

  /** Once a frame, however many came. */
  function applyWaiting(): void {
    const events = waiting
    waiting = []
    for (const event of events) apply(event)
    show()
    if (!hasDropped) return
    hasDropped = false
    void reload(ROWS_MAX)
  }

  function apply({ order, version }: LiveEvent): void {
    const row = rowOf(order)
    row.line.classList.add(version === 1 ? 'is-new' : 'is-changed')
    touched.delete(order.orderId)
    touched.set(order.orderId, row)
    if (touched.size > ROWS_MAX) touched = new Map([...touched].slice(-ROWS_MAX))
    const index = rows.findIndex((known) => known.order.orderId === order.orderId)
    const isWanted = view.filter.value === '' || view.filter.value === order.status
    const [old] = index < 0 ? [] : rows.splice(index, 1)
    if (isWanted && old !== undefined) {
      rows.splice(index, 0, row)
      replaceLine(old.line, row.line)
    } else if (isWanted) place(row)
  }

  /** Where it belongs by its date, unless that is beyond what is shown. */
  function place(row: Row): void {
    const isWanted = view.filter.value === '' || view.filter.value === row.order.status
    if (!isWanted) return
    const before = rows.findIndex(({ order }) => order.orderDate <= row.order.orderDate)
    if (before === 0 && isPast) {
      unseen += 1
      return
    }
    if (before < 0 && (cursor !== null || isCut)) return
    rows.splice(before < 0 ? rows.length : before, 0, row)
    if (rows.length <= ROWS_MAX) return
    rows.length = ROWS_MAX
    isCut = true
  }

  function show(): void {
    const lines = rows.map(({ line }) => line)
    const wanted = new Set<Node>(lines)
    for (const line of view.body.querySelectorAll('tr')) if (!wanted.has(line)) line.remove()
    // Only what moved is touched, so that focus and selection stay where they are.
    for (const [index, line] of lines.entries()) {
      const there = view.body.children[index]
      if (there !== line) view.body.insertBefore(line, there ?? null)
    }
    for (const link of view.body.querySelectorAll('a')) {
      if (link.hash === location.hash) link.setAttribute('aria-current', 'true')
      else link.removeAttribute('aria-current')
    }
    view.empty.hidden = rows.length > 0
    view.older.hidden = cursor === null && !isCut
    view.newest.hidden = !isPast
    view.newest.textContent = unseen === 0 ? 'Newest orders' : `Newest orders (${unseen} new)`
  }

  view.older.addEventListener('click', () => void loadOlder())
  view.newest.addEventListener('click', () => void reload())
  view.filter.addEventListener('change', () => void reload())
  addEventListener('hashchange', show)
  return { reload: () => void reload(), add }
}

export function orderHash(orderId: string): string {
  return `#order=${encodeURIComponent(orderId)}`
}

function rowOf(order: Order): Row {
  const { orderId, customerId, status, items, totalAmount, currency, orderDate } = order
  const link = element('a', { href: orderHash(orderId) }, userText(orderId))
  const line = element(
    'tr',
    {},
    element('th', { scope: 'row' }, link, element('span', { class: 'sub' }, userText(customerId))),
    element('td', { class: 'cell-status' }, statusPill(status)),
    element('td', { class: 'cell-items number' }, String(items.length)),
    element('td', { class: 'cell-total number' }, amountText(totalAmount, currency)),
    element('td', { class: 'cell-created' }, momentText(orderDate)),
  )
  return { order, line }
}

function replaceLine(old: HTMLElement, line: HTMLElement): void {
  const hadFocus = old.contains(document.activeElement)
  old.replaceWith(line)
  if (hadFocus) line.querySelector('a')?.focus()
}
