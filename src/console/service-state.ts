import { read, type Check, type Health } from './api-client.ts'
import { element } from './dom.ts'
import type { StreamState } from './live-stream.ts'

/** What Kafka, the registry, the store and the service itself are, and since when one is away. */

const POLL_EVERY_MS = 2_000

const DEPENDENCIES = { kafka: 'Kafka', schemaRegistry: 'Registry', storage: 'Store' } as const

const NAMES = Object.keys(DEPENDENCIES) as (keyof typeof DEPENDENCIES)[]

export interface StateView {
  /** A list of states. */
  readonly states: HTMLElement
  /** A live region, empty while all is well. */
  readonly band: HTMLElement
}

export interface ServiceState {
  readonly setStream: (state: StreamState) => void
  /** Asks at once, for when something has just gone wrong. */
  readonly ask: () => void
}

export function watchServiceState({ states, band }: StateView): ServiceState {
  let health: Health | undefined
  let unreachableSince: Date | undefined
  let stream: StreamState = 'connecting'
  let timer: ReturnType<typeof setTimeout> | undefined
  let isAsking = false
  let told = ''

  async function ask(): Promise<void> {
    if (isAsking) return
    isAsking = true
    clearTimeout(timer)
    const answer = await read<Health>('health')
    isAsking = false
    if (answer.kind === 'success') {
      health = answer.body
      unreachableSince = undefined
    } else {
      unreachableSince ??= new Date()
    }
    show()
    timer = setTimeout(() => void ask(), POLL_EVERY_MS)
  }

  function show(): void {
    const isReachable = unreachableSince === undefined
    states.replaceChildren(
      ...NAMES.map((name) => stateItem(DEPENDENCIES[name], isReachable, health?.checks[name])),
      streamItem(stream),
      pendingItem(isReachable ? health?.instance.pendingEvents : undefined),
    )
    const sentences = isReachable ? downSentences(health) : [unreachableSentence(unreachableSince)]
    // Said once: a live region that is written again is read out again.
    const text = sentences.join('\n')
    if (text === told) return
    told = text
    band.hidden = sentences.length === 0
    band.replaceChildren(...sentences.map((sentence) => element('p', {}, sentence)))
  }

  show()
  void ask()
  return {
    setStream(state) {
      stream = state
      show()
      void ask()
    },
    ask: () => void ask(),
  }
}

function stateItem(name: string, isReachable: boolean, check: Check | undefined): HTMLElement {
  const state = isReachable ? (check?.status ?? 'unknown') : 'unknown'
  return stateElement(name, state, state)
}

function streamItem(stream: StreamState): HTMLElement {
  return stream === 'live'
    ? stateElement('Changes', 'up', 'live')
    : stateElement('Changes', 'unknown', 'connecting')
}

function pendingItem(count: number | undefined): HTMLElement {
  const title = 'Changes that are stored and not yet acknowledged by Kafka'
  const state = count === undefined ? 'unknown' : count === 0 ? 'up' : 'busy'
  const item = stateElement('Pending events', state, count === undefined ? '?' : String(count))
  item.title = title
  return item
}

function stateElement(name: string, state: string, text: string): HTMLElement {
  const dot = element('span', { class: `dot dot-${state}`, 'aria-hidden': 'true' })
  return element('li', {}, dot, `${name} `, element('b', {}, text))
}

function downSentences(health: Health | undefined): string[] {
  if (health === undefined) return []
  const down = NAMES.filter((name) => health.checks[name].status !== 'up').map((name) => {
    const { status, since, reason } = health.checks[name]
    const why = reason === undefined ? '' : `: ${reason}`
    return `${DEPENDENCIES[name]} is ${status} since ${timeOf(new Date(since))}${why}`
  })
  if (health.instance.lease !== 'held') {
    down.push('The store has not confirmed in time that this instance may publish')
  }
  return down
}

function unreachableSentence(since: Date | undefined): string {
  const when = since === undefined ? '' : ` since ${timeOf(since)}`
  return `The service does not answer${when}. This page goes on by itself when it does.`
}

function timeOf(date: Date): string {
  return date.toLocaleTimeString()
}
