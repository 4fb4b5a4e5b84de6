import { element, userText, type Child } from './dom.ts'
import { countText, momentText } from './format.ts'
import { hrefOf } from './navigation.ts'
import { visible } from './visible-text.ts'

/** What is pending, and why; the partitions that take nothing; the instances with their leases. */

interface Pending {
  readonly orderId: string
  readonly version: number
  readonly time: string
  readonly partition: number
  readonly state: 'parked' | 'blocked' | 'under-way'
  readonly reason: string | null
}

interface Instance {
  readonly instanceId: string
  readonly leaseUntil: string | null
  readonly joinedAt: string | null
  readonly isThisOne: boolean
}

export interface Publication {
  readonly topic: string
  readonly lanes: readonly {
    readonly partition: number
    readonly trouble: string | null
    readonly parkedCount: number
  }[]
  readonly instances: readonly Instance[]
  readonly pending: readonly Pending[]
  readonly hasMore: boolean
}

/** As long as an event may well be pending while all is well. */
const ON_THE_WAY_MS = 5_000

const STATES = { parked: 'bad', blocked: 'warn', 'under-way': 'plain' } as const

export function describePublication(publication: Publication): Node[] {
  const { topic, lanes, instances, pending, hasMore } = publication
  const troubled = lanes.filter(({ trouble }) => trouble !== null)
  const late = pending.filter(isLate)
  const count = `${pending.length}${hasMore ? '+' : ''}`
  return [
    element(
      'p',
      {},
      pending.length === 0
        ? 'No event is pending: all that is stored is on the topic.'
        : `${count} pending${late.length === 0 ? ', on the way to the topic' : ', oldest first'}.`,
    ),
    ...(late.length === 0 ? [] : [pendingTable(late)]),
    element(
      'p',
      {},
      `Topic ${visible(topic)}, ${countText(lanes.length, 'partition')}`,
      troubled.length === 0 && lanes.length > 0 ? '; all take events.' : '.',
    ),
    ...troubled.map(({ partition, trouble }) =>
      element('p', { class: 'finding-bad' }, `Partition ${partition}: ${visible(trouble ?? '')}`),
    ),
    instanceTable(instances),
  ]
}

/** Others come and go with every change: their rows would move what is below all the time. */
function isLate({ state, time }: Pending): boolean {
  return state !== 'under-way' || Date.now() - Date.parse(time) > ON_THE_WAY_MS
}

function pendingTable(pending: readonly Pending[]): HTMLElement {
  return table(
    ['Order', 'Version', 'Since', 'Partition', 'State', 'Why'],
    pending.map(({ orderId, version, time, partition, state, reason }) => [
      element('a', { href: hrefOf({ view: 'orders', order: orderId }) }, userText(orderId)),
      `v${version}`,
      momentText(time),
      String(partition),
      element('span', { class: `verdict verdict-${STATES[state]}` }, state.replace('-', ' ')),
      visible(reason ?? ''),
    ]),
  )
}

function instanceTable(instances: readonly Instance[]): HTMLElement {
  return table(
    ['Instance', 'Joined', 'Lease until'],
    instances.map(({ instanceId, joinedAt, leaseUntil, isThisOne }) => [
      element('span', {}, element('code', {}, instanceId), isThisOne ? ' this one' : ''),
      joinedAt === null ? '–' : momentText(joinedAt),
      leaseUntil === null ? 'not needed with SQLite' : momentText(leaseUntil),
    ]),
  )
}

export function table(head: readonly string[], rows: readonly (readonly Child[])[]): HTMLElement {
  return element(
    'div',
    { class: 'wide', tabindex: '0', role: 'region', 'aria-label': head.join(', ') },
    element(
      'table',
      { class: 'plain-table' },
      element(
        'thead',
        {},
        element('tr', {}, ...head.map((name) => element('th', { scope: 'col' }, name))),
      ),
      element(
        'tbody',
        {},
        ...rows.map((cells) => element('tr', {}, ...cells.map((cell) => element('td', {}, cell)))),
      ),
    ),
  )
}
