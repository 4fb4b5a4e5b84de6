/** Light, dark, or as the system has it; remembered by this browser. */

const THEMES = ['auto', 'light', 'dark'] as const

type Theme = (typeof THEMES)[number]

const STORED_AS = 'cart-service-theme'

export function startTheme(toggle: HTMLButtonElement): void {
  let theme = readTheme()
  const isDark = matchMedia('(prefers-color-scheme: dark)')
  const show = (): void => {
    const root = document.documentElement
    root.dataset['theme'] = theme
    const isDarkNow = theme === 'dark' || (theme === 'auto' && isDark.matches)
    // Swagger UI knows the dark by the first of these, Redoc by the other two.
    root.classList.toggle('dark-mode', isDarkNow)
    root.classList.toggle('dark', isDarkNow)
    root.classList.toggle('light', !isDarkNow)
    toggle.textContent = theme
    toggle.setAttribute('aria-label', `Theme: ${theme}`)
  }
  toggle.addEventListener('click', () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'auto'
    storeTheme(theme)
    show()
  })
  isDark.addEventListener('change', show)
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
