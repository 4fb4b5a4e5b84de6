import { createOrderCommand, read, type ServiceInfo } from './api-client.ts'
import { numberOrText, startCommandForm } from './command-form.ts'
import { copyButtons } from './copy-buttons.ts'
import { asCurl, asPython, type Addresses, type Request } from './copy-commands.ts'
import { byId } from './dom.ts'
import { followChanges } from './live-stream.ts'
import { openOrder, type OpenOrder } from './order-detail.ts'
import { orderHash, startOrderList } from './order-list.ts'
import { startPlots } from './plots.ts'
import { watchServiceState } from './service-state.ts'
import { startTheme } from './theme.ts'

/** The page: puts its parts together. The address says which order is open. */

const ANNOUNCE_EVERY_MS = 5_000

const TITLE = 'CartService console'

let addresses: Addresses = {
  service: location.href.replace(/\/console(?:[?#].*)?$/u, ''),
  kafka: 'localhost:9092',
  registry: 'http://localhost:8081',
}

const list = startOrderList({
  body: byId('order-rows', HTMLElement),
  empty: byId('no-orders', HTMLElement),
  older: byId('older', HTMLButtonElement),
  newest: byId('newest', HTMLButtonElement),
  note: byId('list-note', HTMLElement),
  filter: byId('filter', HTMLSelectElement),
})

const plots = startPlots(
  {
    svg: svgById('rate-plot'),
    figure: byId('rate', HTMLElement),
    note: byId('rate-note', HTMLElement),
  },
  {
    svg: svgById('time-plot'),
    figure: byId('time', HTMLElement),
    note: byId('time-note', HTMLElement),
  },
)

const state = watchServiceState({
  states: byId('states', HTMLElement),
  band: byId('band', HTMLElement),
})

let open: OpenOrder | undefined

startTheme(byId('theme', HTMLButtonElement))
startCreateForm()
startAnnouncing()
showAddressed()
list.reload()
void readAddresses()

addEventListener('hashchange', showAddressed)
addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && open !== undefined) closeOrder()
})

function svgById(id: string): SVGSVGElement {
  const found = document.getElementById(id)
  if (found instanceof SVGSVGElement) return found
  throw new Error(`the page has no plot with the id ${id}`)
}

/** Those that the service is configured with, once it answers. */
async function readAddresses(): Promise<void> {
  const answer = await read<ServiceInfo>('.')
  if (answer.kind !== 'success') {
    setTimeout(() => void readAddresses(), ANNOUNCE_EVERY_MS)
    return
  }
  const { kafka_broker: kafka, schema_registry: registry, version } = answer.body
  addresses = { ...addresses, kafka, registry: registry.replace(/\/$/u, '') }
  byId('version', HTMLElement).textContent = version
}

function startCreateForm(): void {
  const orderId = byId('order-id', HTMLInputElement)
  const numItems = byId('num-items', HTMLInputElement)
  const body = (): { orderId: string; numItems: number | string } => ({
    orderId: orderId.value,
    numItems: numberOrText(numItems.value),
  })
  const suggest = (): void => {
    orderId.value = `ORD-${Date.now().toString(36).toUpperCase()}`
  }
  startCommandForm({
    form: byId('create', HTMLFormElement),
    result: byId('created', HTMLElement),
    command: () => createOrderCommand(body()),
    onDone: suggest,
  })
  const request = (): Request => ({ method: 'POST', path: 'api/create-order', body: body() })
  byId('create', HTMLFormElement).after(
    copyButtons('Copy as', [
      { label: 'curl', text: () => asCurl(addresses, request()) },
      { label: 'Python', text: () => asPython(addresses, request()) },
    ]),
  )
  suggest()
  byId('first-command', HTMLElement).textContent = asCurl(addresses, {
    method: 'POST',
    path: 'api/create-order',
    body: { orderId: 'ORD-1', numItems: 3 },
  })
}

/** Tells those who do not see the rows how many changed: together, and not more than now and then. */
function startAnnouncing(): void {
  const region = byId('announcements', HTMLElement)
  let created = 0
  let changed = 0
  followChanges({
    onStart: () => {
      list.reload()
      open?.refresh()
    },
    onEvent: (event) => {
      if (event.version === 1) created += 1
      else changed += 1
      plots.add(event)
      list.add(event)
      if (event.order.orderId === open?.orderId) open.refresh()
    },
    onState: (stream) => state.setStream(stream),
  })
  setInterval(() => {
    if (created + changed === 0) return
    region.textContent = `${created} orders created, ${changed} changed`
    created = 0
    changed = 0
  }, ANNOUNCE_EVERY_MS)
}

function addressedOrder(): string | undefined {
  const [, encoded] = /^#order=(.+)$/u.exec(location.hash) ?? []
  try {
    return encoded === undefined ? undefined : decodeURIComponent(encoded)
  } catch {
    // Not one that this page made.
    return undefined
  }
}

function showAddressed(): void {
  const orderId = addressedOrder()
  if (orderId === open?.orderId) return
  const panel = byId('detail', HTMLElement)
  const left = open?.orderId
  document.body.classList.toggle('has-open', orderId !== undefined)
  panel.hidden = orderId === undefined
  if (orderId !== undefined) {
    open = openOrder(panel, orderId, () => addresses, closeOrder)
    document.title = `${orderId} · ${TITLE}`
    return
  }
  open = undefined
  panel.replaceChildren()
  document.title = TITLE
  // Back to where the reader came from.
  const hash = left === undefined ? '' : orderHash(left)
  document.querySelector<HTMLElement>(`a[href="${CSS.escape(hash)}"]`)?.focus()
}

function closeOrder(): void {
  location.hash = ''
}
