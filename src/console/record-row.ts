import { hrefOf } from './navigation.ts'
import { orderPath, read, sentenceOf, type DescribedEvent } from './api-client.ts'
import type { Addresses } from './copy-commands.ts'
import { button, element, statusPill, userText } from './dom.ts'
import { anatomy, factTable } from './event-anatomy.ts'
import { momentText } from './format.ts'
import { STATUSES } from './status-steps.ts'
import { placeOf, type ReadRecord, type TopicRecord } from './topic-record.ts'
import { visible, visibleJson } from './visible-text.ts'

/** One record of a topic as a line that opens: its key, headers and value. */

const COLUMNS = 6

export function createRecordRow(record: TopicRecord, addresses: () => Addresses): HTMLElement[] {
  const { time, key, happened, status, version } = record
  const place = placeOf(record)
  const details = element('td', { colspan: String(COLUMNS) })
  const below = element('tr', { class: 'record-details', hidden: '' }, details)
  const toggle = button(place, () => open(below.hidden !== false), 'record-toggle')
  toggle.setAttribute('aria-expanded', 'false')
  const line = element(
    'tr',
    { class: 'record' },
    element('td', {}, toggle),
    element('td', { class: 'cell-created' }, time === null ? '–' : momentText(time)),
    element('td', { class: 'cell-happened' }, happened === '' ? 'record' : happened),
    element('td', { class: 'cell-status' }, ...pillOf(status)),
    element('td', {}, key === null ? '–' : userText(key)),
    element('td', { class: 'cell-version number' }, version === undefined ? '' : `v${version}`),
  )
  let isRead = false

  function open(isOpen: boolean): void {
    below.hidden = !isOpen
    toggle.setAttribute('aria-expanded', String(isOpen))
    line.classList.toggle('is-open', isOpen)
    if (!isOpen || isRead) return
    isRead = true
    void describe(record, addresses).then(({ nodes, isDone }) => {
      isRead = isDone
      details.replaceChildren(...nodes)
    })
  }

  line.addEventListener('click', ({ target }) => {
    if (target === toggle || getSelection()?.type === 'Range') return
    open(below.hidden !== false)
  })
  return [line, below]
}

/** A status of others may be any text. */
function pillOf(status: string): Node[] {
  if (status === '') return []
  const isOurs = STATUSES.some((known) => known === status)
  return [isOurs ? statusPill(status) : userText(status)]
}

interface Description {
  readonly nodes: readonly Node[]
  /** Else it is asked for again when the row is opened again. */
  readonly isDone: boolean
}

async function describe(record: TopicRecord, addresses: () => Addresses): Promise<Description> {
  const { key, version, read: whole, happened } = record
  if (whole !== undefined) {
    const link = key === null || happened === '' ? [] : [orderLink(key)]
    return { nodes: [...link, ...describeRead(whole)], isDone: true }
  }
  if (key === null || version === undefined) return { nodes: [], isDone: true }
  const path = `${orderPath(key)}/events/${version}`
  const answer = await read<{ data: DescribedEvent }>(path)
  if (answer.kind !== 'success') {
    return { nodes: [element('p', { class: 'note' }, sentenceOf(answer))], isDone: false }
  }
  const nodes = [orderLink(key), ...anatomy(answer.body.data, path, addresses)]
  return { nodes, isDone: true }
}

function orderLink(orderId: string): HTMLElement {
  const href = hrefOf({ view: 'orders', order: orderId })
  return element('p', {}, element('a', { href }, 'Open the order'))
}

function describeRead({ key, headers, value, problem, schemaId }: ReadRecord): Node[] {
  const names = Object.entries(headers)
  const facts = factTable([
    ['Key', key === null ? '–' : userText(key)],
    ...(schemaId === undefined ? [] : [['Schema id', String(schemaId)] as const]),
    ...names.map(([name, text]) => [visible(name), userText(text ?? 'null')] as const),
  ])
  if (problem === undefined) {
    return [facts, element('pre', { class: 'json', tabindex: '0' }, visibleJson(value, 2))]
  }
  const sentence = `It could not be decoded: ${visible(problem.reason)}.`
  return [facts, element('p', { class: 'note' }, sentence), element('code', {}, problem.hexPrefix)]
}
