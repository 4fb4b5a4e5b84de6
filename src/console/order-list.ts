import type { Filters, Place } from './address.ts'
import { currentPlace, followPlace, goTo, hrefOf } from './navigation.ts'
import { ASK_AGAIN_AFTER_MS, isPassing, read, sentenceOf } from './api-client.ts'
import type { Order, Page } from './order-json.ts'
import { countText } from './format.ts'
import { HeldList, ROWS_MAX } from './held-list.ts'
import { hasFilters, matcherOf, ordersQuery, type SearchField } from './list-query.ts'
import type { LiveEvent } from './live-stream.ts'
import { createRow, mark, type RowView } from './order-row.ts'
import { watchHold } from './row-hold.ts'
import { enterRows } from './row-moves.ts'

/** The list of orders: what the filters find, and live what becomes of it. */

const PAGE_ORDERS = 50

/** What is new comes in together, so that the list moves now and then and not all the time. */
const LET_IN_EVERY_MS = 500

const MARKED_MAX = 10

const FLOOD_MIN = 20

export interface ListView {
  readonly pane: HTMLElement
  readonly body: HTMLElement
  readonly table: HTMLElement
  readonly none: HTMLElement
  readonly noMatch: HTMLElement
  readonly older: HTMLButtonElement
  readonly bring: HTMLButtonElement
  readonly note: HTMLElement
}

export interface OrderList {
  /** A stream of changes has begun: reads what was before it. */
  readonly catchUp: () => void
  readonly add: (event: LiveEvent) => void
  /** To the first row, once what was asked for is there. */
  readonly enter: () => void
}

export function startOrderList(view: ListView): OrderList {
  const list = new HeldList()
  const views = new Map<string, RowView>()
  let filters: Filters = currentPlace()
  let field: SearchField = 'orderId'
  let reading = 0
  let waiting: LiveEvent[] = []
  /** Something was not heard of: the orders have to be read anew. */
  let hasMissed = false
  let hasCaughtUp = false
  /** Of these filters nothing has been read yet. */
  let isUnread = true
  let wantsFocus = false
  /** The last answer was that of an outage. */
  let isAway = false
  let asking: ReturnType<typeof setTimeout> | undefined
  const hold = watchHold(view.body)

  async function reload(limit = PAGE_ORDERS): Promise<void> {
    const number = (reading += 1)
    clearTimeout(asking)
    isUnread = true
    hasMissed = false
    const page = await readFirstPage(limit)
    // A later question makes this answer old.
    if (number !== reading) return
    if (page === undefined) {
      // The stream continues after an outage, and says nothing of what could not be read meanwhile.
      if (isAway) asking = setTimeout(() => void reload(limit), ASK_AGAIN_AFTER_MS)
      return
    }
    isUnread = false
    list.replace(page)
    show()
    if (wantsFocus) enter()
  }

  /** Where no order id begins like that, it may be a customer. */
  async function readFirstPage(limit: number): Promise<Page<Order> | undefined> {
    field = 'orderId'
    list.beginReading(matcherOf(filters, field))
    const page = await readPage(field, limit, null)
    if (page === undefined || page.data.length > 0 || filters.search === '') return page
    if (filters.customer !== '') return page
    const asked = filters
    const ofCustomer = await readPage('customerId', limit, null)
    if (ofCustomer === undefined && isAway) return undefined
    if (isOther(asked, filters) || (ofCustomer?.data.length ?? 0) === 0) return page
    field = 'customerId'
    list.beginReading(matcherOf(filters, field))
    return ofCustomer
  }

  async function loadOlder(): Promise<void> {
    if (list.isCut) await reload(ROWS_MAX)
    // Not read: to go on from the old place would leave orders out.
    if (list.isCut || list.cursor === null) return
    const number = (reading += 1)
    const page = await readPage(field, PAGE_ORDERS, list.cursor)
    if (number !== reading || page === undefined) return
    list.append(page)
    show()
    const first = page.data[0]?.orderId ?? ''
    views.get(first)?.line.querySelector('a')?.focus()
  }

  function queryPath(by: SearchField, limit: number, after: string | null): string {
    const query = ordersQuery(filters, by)
    query.set('limit', String(limit))
    if (after !== null) query.set('cursor', after)
    return `api/orders?${query}`
  }

  async function readPage(
    by: SearchField,
    limit: number,
    after: string | null,
  ): Promise<Page<Order> | undefined> {
    const answer = await read<Page<Order>>(queryPath(by, limit, after))
    isAway = isPassing(answer)
    view.note.textContent = answer.kind === 'success' ? '' : sentenceOf(answer)
    return answer.kind === 'success' ? answer.body : undefined
  }

  function add(event: LiveEvent): void {
    // Bounded: a tab in the background gets no frames. What it dropped is read anew.
    if (waiting.length >= ROWS_MAX) {
      waiting.shift()
      hasMissed = true
    }
    if (waiting.push(event) === 1) requestAnimationFrame(applyWaiting)
  }

  function enter(): void {
    wantsFocus = isUnread
    if (!isUnread) enterRows(view.body)
  }

  /** Once a frame, however many came. */
  function applyWaiting(): void {
    const events = waiting
    waiting = []
    for (const { order } of events) {
      if (list.apply(order)) views.get(order.orderId)?.update(order)
    }
    showWaiting()
  }

  /** What is read anew would take rows away from under the pointer, as what is new does. */
  function catchUp(): void {
    if (hasCaughtUp && hold.isHeld() && list.rows.length > 0) hasMissed = true
    else void reload()
    hasCaughtUp = true
    showWaiting()
  }

  function letIn(): void {
    if (document.hidden || !(hasMissed || (list.waitingCount > 0 && !list.isPast))) return
    if (hold.isHeld()) showWaiting()
    else if (hasMissed) void reload(ROWS_MAX)
    else bringIn()
  }

  function bringIn(): void {
    const known = new Set(list.rows.map(({ orderId }) => orderId))
    if (list.isPast || list.hasLost || hasMissed) {
      void reload()
      return
    }
    // What comes so fast nobody scrolls through: fewer rows are moved.
    list.release(list.waitingCount > FLOOD_MIN ? PAGE_ORDERS : ROWS_MAX)
    show()
    const added = list.rows.filter(({ orderId }) => !known.has(orderId))
    // Of many nobody sees which they are.
    if (added.length > MARKED_MAX) return
    for (const { orderId } of added) {
      const line = views.get(orderId)?.line
      if (line !== undefined) mark(line)
    }
  }

  function show(): void {
    const wanted = new Set(list.rows.map(({ orderId }) => orderId))
    const free: RowView[] = []
    for (const [orderId, row] of views) {
      if (wanted.has(orderId)) continue
      views.delete(orderId)
      free.push(row)
    }
    // Only what moved is touched, so that focus and selection stay where they are.
    for (const [index, order] of list.rows.entries()) {
      const { line, update } = views.get(order.orderId) ?? takeRow(order, free)
      update(order)
      const there = view.body.children[index]
      if (there !== line) view.body.insertBefore(line, there ?? null)
    }
    for (const { line } of free) line.remove()
    const isEmpty = list.rows.length === 0
    view.table.hidden = isEmpty
    // Nobody knows it before the service has said so.
    view.none.hidden = !isEmpty || isUnread || hasFilters(filters)
    view.noMatch.hidden = !isEmpty || isUnread || !hasFilters(filters)
    view.older.hidden = !list.hasOlder
    showWaiting()
    showOpen(currentPlace())
  }

  function takeRow(order: Order, free: RowView[]): RowView {
    const row = free.pop() ?? createRow()
    row.assign(order)
    views.set(order.orderId, row)
    return row
  }

  /** Its room is kept, so that nothing moves when it comes and goes. */
  function showWaiting(): void {
    const count = list.waitingCount
    const isMore = list.hasLost || hasMissed
    const many = isMore ? `${count}+ new orders` : countText(count, 'new order')
    const text = count === 0 ? 'Newest orders' : many
    if (view.bring.textContent !== text) view.bring.textContent = text
    // Rows that nobody holds come in by themselves in a moment.
    view.bring.classList.toggle(
      'is-away',
      !list.isPast && ((count === 0 && !hasMissed) || !hold.isHeld()),
    )
    if (count > 0 && list.rows.length === 0) bringIn()
  }

  function showOpen({ order }: Place): void {
    for (const [orderId, { line, link }] of views) {
      const isOpen = orderId === order
      line.classList.toggle('is-open', isOpen)
      if (isOpen) link.setAttribute('aria-current', 'true')
      else link.removeAttribute('aria-current')
      // With the filters that hold now, for another tab and for somebody else.
      const href = hrefOf({ view: 'orders', order: orderId })
      if (link.getAttribute('href') !== href) link.href = href
    }
  }

  view.older.addEventListener('click', () => void loadOlder())
  view.bring.addEventListener('click', () => {
    const isByKey = view.bring.matches(':focus-visible')
    bringIn()
    view.pane.scrollTop = 0
    if (isByKey) enter()
  })
  // The whole line opens the order, unless a text in it is being selected.
  view.body.addEventListener('click', (event) => {
    if (!(event.target instanceof Element) || event.ctrlKey || event.metaKey || event.shiftKey)
      return
    const orderId = event.target.closest('tr')?.dataset['orderId']
    if (orderId === undefined || getSelection()?.type === 'Range') return
    event.preventDefault()
    goTo({ order: orderId })
  })
  setInterval(letIn, LET_IN_EVERY_MS)
  followPlace((place, before) => {
    filters = place
    if (before !== undefined && isOther(place, before)) void reload()
    showOpen(place)
  })
  void reload()
  return { catchUp, add, enter }
}

function isOther(one: Filters, other: Filters): boolean {
  return (['search', 'status', 'customer', 'from', 'to'] as const).some(
    (name) => one[name] !== other[name],
  )
}
