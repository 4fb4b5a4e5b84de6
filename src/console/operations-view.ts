import { followPlace } from './navigation.ts'
import { read, sentenceOf, type Answer } from './api-client.ts'
import { element } from './dom.ts'
import { countText } from './format.ts'
import { describePublication, type Publication } from './publication-report.ts'
import type { Addresses } from './copy-commands.ts'
import { startDeadLetters, type DeadLettersView } from './dead-letters.ts'
import { refusalOf } from './tool-client.ts'
import { startToolPanel, type ToolPanelView } from './tool-panel.ts'
import { describeAudit, describeDoctor } from './tool-results.ts'

/** For those who operate the service: what is pending, what the tools say, what is set. It changes nothing. */

const LOOK_EVERY_MS = 3_000

interface Setting {
  readonly name: string
  readonly value: string | null
  readonly source: string
}

const REFUSALS = [403, 404]

export interface OperationsView {
  /** Has one sentence for those whom the service tells nothing, in place of the blocks. */
  readonly refusal: HTMLElement
  readonly blocks: HTMLElement
  readonly publication: HTMLElement
  readonly settings: HTMLElement
  readonly doctor: ToolPanelView
  readonly audit: ToolPanelView
  readonly deadLetters: DeadLettersView
}

export function startOperationsView(view: OperationsView, addresses: () => Addresses): void {
  let timer: ReturnType<typeof setInterval> | undefined
  let hasBegun = false
  let isAsking = false

  async function look(): Promise<void> {
    if (isAsking) return
    isAsking = true
    const answer = await read<{ data: Publication }>('api/operations/publication')
    isAsking = false
    showRefusal(answer)
    // Nothing is taken away from somebody who is in it.
    if (view.publication.contains(document.activeElement)) return
    view.publication.replaceChildren(
      ...(answer.kind === 'success'
        ? describePublication(answer.body.data)
        : [element('p', { class: 'note' }, sentenceOf(answer))]),
    )
    if (answer.kind === 'success') suggestTopic(answer.body.data.topic)
  }

  function showRefusal(answer: Answer<unknown>): void {
    const isRefused = answer.kind === 'problem' && REFUSALS.includes(answer.problem.status)
    view.refusal.hidden = !isRefused
    view.blocks.hidden = isRefused
    if (isRefused) view.refusal.textContent = refusalOf(answer)
  }

  function suggestTopic(topic: string): void {
    const { topic: field } = view.deadLetters
    if (field.value === '') field.value = `${topic}-dlq`
  }

  async function readSettings(): Promise<void> {
    const answer = await read<{ data: readonly Setting[] }>('api/operations/settings')
    if (answer.kind !== 'success') {
      view.settings.replaceChildren(element('p', { class: 'note' }, sentenceOf(answer)))
      return
    }
    view.settings.replaceChildren(...describeSettings(answer.body.data))
  }

  function begin(): void {
    if (hasBegun) return
    hasBegun = true
    startToolPanel('doctor', view.doctor, describeDoctor)
    startToolPanel('audit', view.audit, describeAudit)
    startDeadLetters(view.deadLetters, addresses)
  }

  followPlace(({ view: shown }) => {
    clearInterval(timer)
    if (shown !== 'operations') return
    begin()
    void look()
    void readSettings()
    timer = setInterval(() => void look(), LOOK_EVERY_MS)
  })
}

/** Those that somebody has chosen; there are many others. */
function describeSettings(settings: readonly Setting[]): Node[] {
  const isChosen = ({ source }: Setting): boolean => source !== 'default' && source !== 'unset'
  const others = settings.filter((setting) => !isChosen(setting))
  return [
    settingsTable(settings.filter(isChosen)),
    element(
      'details',
      { class: 'quiet-details' },
      element('summary', {}, `${countText(others.length, 'setting')} as they are by default`),
      settingsTable(others),
    ),
  ]
}

function settingsTable(settings: readonly Setting[]): HTMLElement {
  const rows = settings.map(({ name, value, source }) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, element('code', {}, name)),
      element('td', {}, value ?? '–'),
      element('td', { class: 'sub' }, source),
    ),
  )
  return element('table', { class: 'plain-table' }, element('tbody', {}, ...rows))
}
