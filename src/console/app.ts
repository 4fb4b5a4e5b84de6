import { currentPlace, followPlace, goTo } from './navigation.ts'
import { read, type ServiceInfo } from './api-client.ts'
import { askFor } from './change-notice.ts'
import { asCurl, type Addresses } from './copy-commands.ts'
import { byId, svgById } from './dom.ts'
import { startEventsView } from './events-view.ts'
import { countText } from './format.ts'
import { startFilters } from './list-filters.ts'
import { followChanges, type LiveEvent } from './live-stream.ts'
import { startNewOrder } from './new-order.ts'
import { startNotices } from './notices.ts'
import { startOperationsView } from './operations-view.ts'
import { startOrderList } from './order-list.ts'
import { startOpenOrder } from './open-order.ts'
import { startPlots } from './plots.ts'
import { closeRecord, enterRows, moveThroughRows } from './row-moves.ts'
import { startShortcuts } from './shortcuts.ts'
import { showView } from './show-view.ts'
import { startSiteHeader } from './site-header.ts'

/** The page: puts its parts together. The address says what is shown. */

const ANNOUNCE_EVERY_MS = 5_000

let addresses: Addresses = {
  service: location.href.replace(/\/console(?:[?#].*)?$/u, ''),
  kafka: 'localhost:9092',
  registry: 'http://localhost:8081',
}

const state = startSiteHeader()
startNotices(byId('notices', HTMLElement))

const list = startOrderList({
  pane: byId('list-pane', HTMLElement),
  body: byId('order-rows', HTMLElement),
  table: byId('order-table', HTMLElement),
  none: byId('no-orders', HTMLElement),
  noMatch: byId('no-match', HTMLElement),
  older: byId('older', HTMLButtonElement),
  bring: byId('bring', HTMLButtonElement),
  note: byId('list-note', HTMLElement),
})

const plots = startPlots(
  {
    svg: svgById('rate-plot'),
    figure: byId('rate', HTMLElement),
    top: byId('rate-top', HTMLElement),
    hint: byId('rate-hint', HTMLElement),
  },
  {
    svg: svgById('time-plot'),
    figure: byId('time', HTMLElement),
    top: byId('time-top', HTMLElement),
    hint: byId('time-hint', HTMLElement),
  },
)

startFilters({
  form: byId('filters', HTMLFormElement),
  chips: byId('chips', HTMLElement),
  fields: {
    search: byId('search', HTMLInputElement),
    status: byId('status', HTMLSelectElement),
    customer: byId('customer', HTMLInputElement),
    from: byId('from', HTMLInputElement),
    to: byId('to', HTMLInputElement),
  },
  clears: [byId('clear', HTMLButtonElement), byId('clear-empty', HTMLButtonElement)],
  pause: byId('pause', HTMLButtonElement),
  enterRows: list.enter,
})

const newOrder = startNewOrder(
  {
    dialog: byId('create-dialog', HTMLDialogElement),
    form: byId('create', HTMLFormElement),
    orderId: byId('order-id', HTMLInputElement),
    customerId: byId('customer-id', HTMLInputElement),
    currency: byId('currency', HTMLInputElement),
    numItems: byId('num-items', HTMLInputElement),
    generated: byId('generated', HTMLElement),
    own: byId('own', HTMLElement),
    rows: byId('item-rows', HTMLElement),
    addRow: byId('add-item', HTMLButtonElement),
    result: byId('create-result', HTMLElement),
    submit: byId('create-submit', HTMLButtonElement),
    copies: byId('create-copies', HTMLElement),
  },
  () => addresses,
)
for (const id of ['new-order', 'first-order']) {
  byId(id, HTMLButtonElement).addEventListener('click', newOrder.open)
}

startFilters({
  form: byId('event-filters', HTMLFormElement),
  chips: byId('event-chips', HTMLElement),
  fields: {
    search: byId('event-search', HTMLInputElement),
    status: byId('event-status', HTMLSelectElement),
  },
  clears: [byId('event-clear', HTMLButtonElement), byId('event-clear-empty', HTMLButtonElement)],
  pause: byId('event-pause', HTMLButtonElement),
  enterRows: () => enterRows(byId('event-rows', HTMLElement)),
})

const events = startEventsView(
  {
    body: byId('event-rows', HTMLElement),
    table: byId('event-table', HTMLElement),
    empty: byId('no-events', HTMLElement),
    noMatch: byId('no-event-match', HTMLElement),
    looked: byId('event-looked', HTMLElement),
    further: byId('event-further', HTMLButtonElement),
    note: byId('event-note', HTMLElement),
    bring: byId('event-bring', HTMLButtonElement),
    earlier: byId('earlier', HTMLElement),
  },
  () => addresses,
)

startOperationsView(
  {
    refusal: byId('operations-refusal', HTMLElement),
    blocks: byId('operations-blocks', HTMLElement),
    publication: byId('publication', HTMLElement),
    settings: byId('settings', HTMLElement),
    doctor: {
      run: byId('doctor-run', HTMLButtonElement),
      progress: byId('doctor-progress', HTMLElement),
      result: byId('doctor-result', HTMLElement),
    },
    audit: {
      run: byId('audit-run', HTMLButtonElement),
      progress: byId('audit-progress', HTMLElement),
      result: byId('audit-result', HTMLElement),
    },
    deadLetters: {
      form: byId('letters', HTMLFormElement),
      topic: byId('letters-topic', HTMLInputElement),
      since: byId('letters-since', HTMLSelectElement),
      note: byId('letters-note', HTMLElement),
      table: byId('letters-table', HTMLElement),
      body: byId('letters-rows', HTMLElement),
    },
  },
  () => addresses,
)

const openOrder = startOpenOrder(byId('detail', HTMLElement), () => addresses)

const showHelp = (): void => byId('help-dialog', HTMLDialogElement).showModal()
// Also without the key, which may be switched off.
byId('help', HTMLButtonElement).addEventListener('click', showHelp)
startShortcuts(
  {
    search,
    create: newOrder.open,
    move: (step) =>
      moveThroughRows(byId(isOnEvents() ? 'event-rows' : 'order-rows', HTMLElement), step),
    help: showHelp,
    close: () =>
      isOnEvents() ? closeRecord(byId('event-rows', HTMLElement)) : goTo({ order: '' }),
  },
  byId('shortcuts-on', HTMLInputElement),
)

const announce = startAnnouncing(byId('announcements', HTMLElement))
followChanges({
  onStart: () => {
    list.catchUp()
    openOrder.refresh()
  },
  onRecent: events.begin,
  onEvent: (event) => {
    plots.add(event)
    list.add(event)
    events.add(event)
    openOrder.add(event)
    askFor(event.order.orderId)
    announce(event)
  },
  onState: (stream) => state.setStream(stream),
})
followPlace(showView)
byId('skip', HTMLAnchorElement).addEventListener('click', (event) => {
  // Its address would be taken for a place of this page.
  event.preventDefault()
  byId('main', HTMLElement).focus()
})
showFirstCommand()
void readAddresses()

/** An open order is in front of the list on a narrow screen. */
function search(): void {
  const field = byId(isOnEvents() ? 'event-search' : 'search', HTMLInputElement)
  if (currentPlace().view === 'orders' && !field.checkVisibility()) goTo({ order: '' })
  field.focus()
  field.select()
}

function isOnEvents(): boolean {
  return currentPlace().view === 'events'
}

function showFirstCommand(): void {
  byId('first-command', HTMLElement).textContent = asCurl(addresses, {
    method: 'POST',
    path: 'api/create-order',
    body: { orderId: 'ORD-1', numItems: 3 },
  })
}

/** Those that the service is configured with, once it answers. */
async function readAddresses(): Promise<void> {
  const answer = await read<ServiceInfo>('.')
  if (answer.kind !== 'success') {
    setTimeout(() => void readAddresses(), ANNOUNCE_EVERY_MS)
    return
  }
  const { kafka_broker: kafka, schema_registry: registry } = answer.body
  addresses = { ...addresses, kafka, registry: registry.replace(/\/$/u, '') }
}

/** Tells those who do not see the rows how many changed: together, and not more than now and then. */
function startAnnouncing(region: HTMLElement): (event: LiveEvent) => void {
  let created = 0
  let changed = 0
  setInterval(() => {
    if (created + changed === 0) return
    region.textContent = `${countText(created, 'order')} created, ${changed} changed`
    created = 0
    changed = 0
  }, ANNOUNCE_EVERY_MS)
  return ({ version }) => {
    if (version === 1) created += 1
    else changed += 1
  }
}
