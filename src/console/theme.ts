/** Light, dark, or as the system has it; remembered by this browser. */

const THEMES = ['auto', 'light', 'dark'] as const

type Theme = (typeof THEMES)[number]

const STORED_AS = 'cart-service-theme'

export function startTheme(toggle: HTMLButtonElement): void {
  let theme = readTheme()
  const show = (): void => {
    document.documentElement.dataset['theme'] = theme
    toggle.textContent = theme
    toggle.setAttribute('aria-label', `Theme: ${theme}`)
  }
  toggle.addEventListener('click', () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'auto'
    storeTheme(theme)
    show()
  })
  show()
}

/** A browser may forbid a page to remember anything. */
function readTheme(): Theme {
  try {
    const stored = localStorage.getItem(STORED_AS)
    return THEMES.find((theme) => theme === stored) ?? 'auto'
  } catch {
    return 'auto'
  }
}

function storeTheme(theme: Theme): void {
  try {
    localStorage.setItem(STORED_AS, theme)
  } catch {
    // Then it holds until the page is left.
  }
}
