/** Keys for what is done most. A reader who speaks to the computer can switch them off. */

export interface Shortcuts {
  readonly search: () => void
  readonly create: () => void
  readonly move: (step: 1 | -1) => void
  readonly help: () => void
  readonly close: () => void
}

const STORED_AS = 'cart-service-shortcuts'

export function startShortcuts(shortcuts: Shortcuts, toggle: HTMLInputElement): void {
  toggle.checked = !isOff()
  toggle.addEventListener('change', () => storeOff(!toggle.checked))
  addEventListener('keydown', (event) => {
    // What is open in front of the page has keys of its own.
    if (event.defaultPrevented || document.querySelector('dialog[open]') !== null) return
    // In a search the browser takes away what is written.
    if (event.key === 'Escape' && !isTyping(event.target)) return shortcuts.close()
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
    if (!toggle.checked) return
    const run = actionOf(event.key, shortcuts)
    if (run === undefined) return
    event.preventDefault()
    run()
  })
}

function actionOf(key: string, shortcuts: Shortcuts): (() => void) | undefined {
  switch (key) {
    case '/':
      return shortcuts.search
    case 'c':
      return shortcuts.create
    case 'j':
      return () => shortcuts.move(1)
    case 'k':
      return () => shortcuts.move(-1)
    case '?':
      return shortcuts.help
    default:
      return undefined
  }
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('input, select, textarea') !== null
}

/** A browser may forbid a page to remember anything. */
function isOff(): boolean {
  try {
    return localStorage.getItem(STORED_AS) === 'off'
  } catch {
    return false
  }
}

function storeOff(isNowOff: boolean): void {
  try {
    localStorage.setItem(STORED_AS, isNowOff ? 'off' : 'on')
  } catch {
    // Then it holds until the page is left.
  }
}
