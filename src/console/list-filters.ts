import { NO_FILTERS, type Filters } from './address.ts'
import { button, element } from './dom.ts'
import { hasFilters } from './list-query.ts'
import { followPlace, goTo } from './navigation.ts'
import { visible } from './visible-text.ts'

/** The fields of the filters and the address: each shows what the other one says. */

/** Letters that follow each other quickly are one search. */
const TYPING_MS = 200

/** The filters behind the menu, as they are named where they are shown beside it. */
const CHIPS = { status: 'Status', customer: 'Customer', from: 'From', to: 'Until' } as const

type Field = HTMLInputElement | HTMLSelectElement

export interface FilterView {
  readonly form: HTMLFormElement
  readonly fields: Partial<Readonly<Record<keyof Filters, Field>>>
  /** Beside the menu: which of its filters hold. */
  readonly chips: HTMLElement
  /** Take all filters away. */
  readonly clears: readonly HTMLButtonElement[]
  readonly pause: HTMLButtonElement
  /** Leads from the search to what it has found. */
  readonly enterRows: () => void
}

export function startFilters(view: FilterView): void {
  const { form, fields, chips, clears, pause, enterRows } = view
  let typing: ReturnType<typeof setTimeout> | undefined
  const named = Object.entries(fields) as [keyof Filters, Field][]

  const apply = (): void => {
    clearTimeout(typing)
    goTo(Object.fromEntries(named.map(([name, { value }]) => [name, value.trim()])), 'replace')
  }
  form.addEventListener('input', () => {
    clearTimeout(typing)
    typing = setTimeout(apply, TYPING_MS)
  })
  form.addEventListener('change', apply)
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    apply()
  })
  // A form of several fields and no button for it is not submitted by this key.
  form.addEventListener('keydown', (event) => {
    if (event.target !== fields.search || event.key !== 'Enter' || event.isComposing) return
    event.preventDefault()
    apply()
    enterRows()
  })
  /** What takes a filter away goes with it; a key that pressed it would have no place any more. */
  const takeAway = (change: Partial<Filters>): void => {
    const isByKey = document.activeElement?.matches(':focus-visible') === true
    goTo(change)
    if (isByKey) fields.search?.focus()
  }
  for (const clear of clears) clear.addEventListener('click', () => takeAway(NO_FILTERS))
  pause.addEventListener('click', () => {
    goTo({ isPaused: pause.getAttribute('aria-pressed') !== 'true' }, 'replace')
  })
  followPlace((place) => {
    for (const [name, field] of named) {
      // Not under the hands of somebody who types.
      if (field.value.trim() !== place[name]) field.value = place[name]
    }
    chips.replaceChildren(...chipsOf(place, takeAway))
    for (const clear of clears) clear.classList.toggle('is-away', !hasFilters(place))
    pause.setAttribute('aria-pressed', String(place.isPaused))
    pause.textContent = place.isPaused ? 'Paused' : 'Pause'
  })
}

function chipsOf(filters: Filters, takeAway: (change: Partial<Filters>) => void): HTMLElement[] {
  return (Object.keys(CHIPS) as (keyof typeof CHIPS)[])
    .filter((name) => filters[name] !== '')
    .map((name) => {
      const text = `${CHIPS[name]}: ${visible(filters[name])}`
      const chip = button(text, () => takeAway({ [name]: '' }), 'chip')
      chip.append(element('span', { 'aria-hidden': 'true' }, ' ×'))
      chip.title = 'Take this filter away'
      return chip
    })
}
