import { orderPath, read, sentenceOf, type DescribedEvent, type OrderEvent } from './api-client.ts'
import { copyButtons } from './copy-buttons.ts'
import {
  asCurl,
  recordAsKcat,
  recordAsPython,
  type Addresses,
  type Place,
} from './copy-commands.ts'
import { element, statusPill, userText, type Child } from './dom.ts'
import { durationText, hexText, momentText } from './format.ts'
import { visibleJson } from './visible-text.ts'

/** One event of a history, and what its record on the topic is made of, read when it is opened. */

const FRAMING_BYTES = 5
/** A look at the bytes; the decoded order says the rest. */
const SHOWN_BYTES_MAX = 256

export function eventItem(
  orderId: string,
  event: OrderEvent,
  addresses: () => Addresses,
): HTMLElement {
  const { version, type, status, time, partition, offset } = event
  const summary = element(
    'summary',
    {},
    element('span', { class: `step step-${status}`, 'aria-hidden': 'true' }),
    element('span', { class: 'step-status' }, statusPill(status)),
    element('time', { class: 'sub', datetime: time }, momentText(time)),
    element(
      'span',
      {
        class: 'sub place',
        title: `Version ${version}: ${type}, partition ${partition}, offset ${offset}`,
      },
      `v${version} · ${partition}@${offset}`,
    ),
  )
  const content = element('div', { class: 'anatomy' })
  const details = element('details', {}, summary, content)
  let isRead = false
  details.addEventListener('toggle', () => {
    if (!details.open || isRead) return
    isRead = true
    void readAnatomy().then((isDone) => (isRead = isDone))
  })

  async function readAnatomy(): Promise<boolean> {
    const path = `${orderPath(orderId)}/events/${version}`
    const answer = await read<{ data: DescribedEvent }>(path)
    content.replaceChildren(
      ...(answer.kind === 'success'
        ? anatomy(answer.body.data, path, addresses)
        : [element('p', { class: 'note' }, sentenceOf(answer))]),
    )
    return answer.kind === 'success'
  }

  return element('li', {}, details)
}

export function anatomy(event: DescribedEvent, path: string, addresses: () => Addresses): Node[] {
  const { key, value, headers } = event
  const bytes = Uint8Array.from(atob(value.base64), (character) => character.charCodeAt(0))
  return [
    factTable([
      ['Topic', event.topic],
      ['Partition, offset', `${event.partition}, ${event.offset}`],
      ['Changed', event.time],
      ['Acknowledged', `${event.settledAt}, ${passedText(event.time, event.settledAt)}`],
      ['Key', key.text === null ? 'Avro' : userText(key.text)],
      ['Key, bytes', key.hex.replaceAll(/(..)(?=.)/gu, '$1 ')],
    ]),
    element('p', { class: 'part' }, 'Headers'),
    factTable(headers.map(({ name, value: text }) => [name, userText(text)])),
    element('p', { class: 'part' }, `Value, ${value.sizeBytes} bytes`),
    framing(bytes, event.schemaId, addresses()),
    element('pre', { class: 'json', tabindex: '0' }, visibleJson(value.order, 2)),
    copies(event, path, addresses),
  ]
}

/** The two may be told by different clocks. */
function passedText(from: string, to: string): string {
  return `${durationText(Math.max(0, Date.parse(to) - Date.parse(from)))} later`
}

function framing(bytes: Uint8Array, schemaId: number, { registry }: Addresses): HTMLElement {
  const shown = bytes.subarray(FRAMING_BYTES, SHOWN_BYTES_MAX)
  const left = bytes.length - FRAMING_BYTES - shown.length
  return element(
    'div',
    { class: 'framing' },
    bytesPart(
      'magic',
      hexText(bytes.subarray(0, 1)),
      'Byte 0: the wire format of the Schema Registry',
    ),
    bytesPart(
      'schema',
      hexText(bytes.subarray(1, FRAMING_BYTES)),
      `Bytes 1 to 4: schema id ${schemaId}, big-endian; the schema is at `,
      element('code', {}, `${registry}/schemas/ids/${schemaId}`),
    ),
    bytesPart(
      'avro',
      hexText(shown) + (left > 0 ? ` … and ${left} more` : ''),
      'The order in Avro binary: no field names, the schema has them. Decoded:',
    ),
  )
}

function copies(
  { topic, partition, offset }: DescribedEvent,
  path: string,
  addresses: () => Addresses,
): HTMLElement {
  const curl = {
    label: 'curl',
    text: () => asCurl(addresses(), { method: 'GET', path }),
  }
  if (topic === null) return copyButtons('Copy as', [curl])
  const place: Place = { topic, partition, offset }
  return copyButtons('Copy as', [
    curl,
    { label: 'kcat', text: () => recordAsKcat(addresses(), place) },
    { label: 'Python', text: () => recordAsPython(addresses(), place) },
  ])
}

export function factTable(facts: readonly (readonly [string, Child])[]): HTMLElement {
  const rows = facts.map(([name, value]) =>
    element('tr', {}, element('th', { scope: 'row' }, name), element('td', {}, value)),
  )
  return element('table', { class: 'fact-table' }, element('tbody', {}, ...rows))
}

function bytesPart(name: string, hex: string, ...explained: readonly Child[]): HTMLElement {
  return element(
    'div',
    { class: `bytes bytes-${name}` },
    element('code', {}, hex),
    element('span', {}, ...explained),
  )
}
