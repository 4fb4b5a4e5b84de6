import { currentPlace } from './navigation.ts'

/**
 * Whether rows are to stay where they are: somebody points at one, has the focus on one, or has paused
 * them. A finger points without a warning, so on a screen that is touched they always stay.
 */

export interface Hold {
  readonly isHeld: () => boolean
}

export function watchHold(rows: HTMLElement): Hold {
  const isTouched = matchMedia('(hover: none)')
  let isPointedAt = false
  rows.addEventListener('pointerenter', () => {
    isPointedAt = true
  })
  rows.addEventListener('pointerleave', () => {
    isPointedAt = false
  })
  return {
    isHeld: () =>
      currentPlace().isPaused ||
      isPointedAt ||
      isTouched.matches ||
      rows.contains(document.activeElement),
  }
}
