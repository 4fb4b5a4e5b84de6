import { read, type Answer, type Check, type Health } from './api-client.ts'
import { element } from './dom.ts'
import type { StreamState } from './live-stream.ts'

/** Kafka, the registry, the store and the service itself as one word, with the details behind it. */

const POLL_EVERY_MS = 2_000

const DEPENDENCIES = [
  ['kafka', 'Kafka'],
  ['schemaRegistry', 'Registry'],
  ['storage', 'Store'],
] as const

/** Of those that have it: the one that lets callers in. */
const IDENTITY_PROVIDER = ['identityProvider', 'Identity provider'] as const

export interface StateView {
  /** Has the summary and the list of details. */
  readonly pill: HTMLElement
  readonly details: HTMLElement
  /** A live region with the sentences, empty while all is well. Not every page has one. */
  readonly band?: HTMLElement | undefined
}

export interface ServiceState {
  readonly setStream: (state: StreamState) => void
}

interface Known {
  /** Undefined before the first answer, and for those who may not see it. */
  readonly health: Health | undefined
  readonly hasAnswered: boolean
  readonly unreachableSince: Date | undefined
  /** Undefined on a page that follows no changes. */
  readonly stream: StreamState | undefined
}

export function watchServiceState({ pill, details, band }: StateView): ServiceState {
  let known: Known = {
    health: undefined,
    hasAnswered: false,
    unreachableSince: undefined,
    stream: undefined,
  }
  let timer: ReturnType<typeof setTimeout> | undefined
  let isAsking = false
  let told = ''

  async function ask(): Promise<void> {
    if (isAsking) return
    isAsking = true
    clearTimeout(timer)
    const answer = await read<Health>('health')
    isAsking = false
    known = learn(known, answer)
    show()
    timer = setTimeout(() => void ask(), POLL_EVERY_MS)
  }

  function show(): void {
    const { state, text } = summaryOf(known)
    pill.className = `state-pill state-${state}`
    if (pill.textContent !== text) pill.textContent = text
    details.replaceChildren(...detailsOf(known))
    if (band === undefined) return
    const sentences = sentencesOf(known)
    // Said once: a live region that is written again is read out again.
    const all = sentences.join('\n')
    if (all === told) return
    told = all
    band.hidden = sentences.length === 0
    band.replaceChildren(...sentences.map((sentence) => element('p', {}, sentence)))
  }

  show()
  void ask()
  return {
    setStream(stream) {
      known = { ...known, stream }
      show()
      void ask()
    },
  }
}

/** Who may not ask how the service is knows at least that it answers. */
function learn(known: Known, answer: Answer<Health>): Known {
  if (answer.kind === 'no-answer') {
    return { ...known, unreachableSince: known.unreachableSince ?? new Date() }
  }
  const health = answer.kind === 'success' ? answer.body : undefined
  return { ...known, health, unreachableSince: undefined, hasAnswered: true }
}

function summaryOf(known: Known): { state: string; text: string } {
  const { health, hasAnswered, unreachableSince, stream } = known
  if (unreachableSince !== undefined) return { state: 'down', text: 'No answer' }
  if (health === undefined) {
    return { state: 'unknown', text: hasAnswered ? 'Connected' : 'Connecting' }
  }
  const away = troublesOf(health)
  const [first] = away
  if (first !== undefined) {
    const { name, check } = first
    const text = away.length === 1 ? `${name} is ${check.status}` : `${away.length} are not up`
    return { state: away.some((one) => one.check.status === 'down') ? 'down' : 'busy', text }
  }
  if (health.instance.lease !== 'held') return { state: 'down', text: 'Lease run out' }
  if (stream === 'connecting') return { state: 'busy', text: 'Reconnecting' }
  return { state: 'up', text: 'All systems up' }
}

interface NamedCheck {
  readonly name: string
  /** Undefined before the first answer. */
  readonly check: Check | undefined
}

function checksOf(health: Health | undefined): NamedCheck[] {
  const provider = health?.checks.identityProvider
  const names = provider === undefined ? DEPENDENCIES : [...DEPENDENCIES, IDENTITY_PROVIDER]
  return names.map(([key, name]) => ({ name, check: health?.checks[key] }))
}

function troublesOf(health: Health): { name: string; check: Check }[] {
  return checksOf(health).flatMap(({ name, check }) =>
    check === undefined || check.status === 'up' ? [] : [{ name, check }],
  )
}

function detailsOf({ health, unreachableSince, stream }: Known): HTMLElement[] {
  const isReachable = unreachableSince === undefined
  return [
    ...checksOf(health).map(({ name, check }) => checkItem(name, isReachable, check)),
    ...(stream === undefined ? [] : [streamItem(stream)]),
    pendingItem(isReachable ? health?.instance.pendingEvents : undefined),
  ]
}

function checkItem(name: string, isReachable: boolean, check: Check | undefined): HTMLElement {
  const state = isReachable ? (check?.status ?? 'unknown') : 'unknown'
  const since = isReachable && check !== undefined ? `since ${timeOf(new Date(check.since))}` : ''
  return stateItem(name, state, state, since)
}

function streamItem(stream: StreamState): HTMLElement {
  return stateItem('Changes', stream === 'live' ? 'up' : 'unknown', stream, '')
}

function pendingItem(count: number | undefined): HTMLElement {
  const state = count === undefined ? 'unknown' : count === 0 ? 'up' : 'busy'
  const text = count === undefined ? '?' : String(count)
  return stateItem('Pending events', state, text, 'stored, not yet acknowledged by Kafka')
}

function stateItem(name: string, state: string, text: string, more: string): HTMLElement {
  const dot = element('span', { class: `dot dot-${state}`, 'aria-hidden': 'true' })
  const line = element('span', {}, `${name} `, element('b', {}, text))
  return element('li', {}, dot, line, element('span', { class: 'sub' }, more))
}

function sentencesOf({ health, unreachableSince }: Known): string[] {
  if (unreachableSince !== undefined) {
    const when = timeOf(unreachableSince)
    return [
      `The service does not answer since ${when}. This page continues by itself when it does.`,
    ]
  }
  if (health === undefined) return []
  const sentences = troublesOf(health).map(({ name, check: { status, since, reason } }) => {
    const why = reason === undefined ? '' : `: ${reason}`
    return `${name} is ${status} since ${timeOf(new Date(since))}${why}.`
  })
  if (health.instance.lease !== 'held') {
    sentences.push('The store has not confirmed in time that this instance may publish.')
  }
  return sentences
}

function timeOf(date: Date): string {
  return date.toLocaleTimeString()
}
