import { button, element, type Child } from './dom.ts'

/** Short notices in a corner: they cover a little and move nothing. */

export type Mood = 'good' | 'bad' | 'unsure'

export interface Notice {
  readonly mood: Mood
  readonly text: string
  readonly more?: readonly Child[]
  /** It stays until it is said anew or sent away. */
  readonly stays?: boolean
}

export type ShowNotice = (notice: Notice) => void

const NOTICES_MAX = 4

const SHOWN_MS = 8_000

let region: HTMLElement | undefined

/** The region is a live one: what is put there is read out. */
export function startNotices(shown: HTMLElement): void {
  region = shown
}

/** Of one matter: what is said later stands in the place of what was said before. */
export function openNotice(): ShowNotice {
  const box = element('div', { class: 'notice' })
  let timer: ReturnType<typeof setTimeout> | undefined
  const isLookedAt = (): boolean => box.matches(':hover') || box.contains(document.activeElement)

  function leave(): void {
    clearTimeout(timer)
    if (isLookedAt()) timer = setTimeout(leave, SHOWN_MS)
    else box.remove()
  }

  return ({ mood, text, more = [], stays = false }) => {
    clearTimeout(timer)
    box.className = `notice ${mood}`
    const dismiss = button('×', () => box.remove(), 'quiet')
    dismiss.setAttribute('aria-label', 'Dismiss')
    box.replaceChildren(element('p', {}, text), ...more, dismiss)
    if (region !== undefined && box.parentElement === null) {
      region.append(box)
      while (region.childElementCount > NOTICES_MAX) region.firstElementChild?.remove()
    }
    if (!stays) timer = setTimeout(leave, SHOWN_MS)
  }
}
