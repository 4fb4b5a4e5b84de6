import { startSiteHeader } from './site-header.ts'

/** What the pages beside the console run: their head, and landmarks where others have left them out. */

startSiteHeader()
for (const reference of document.querySelectorAll('redoc')) {
  const name = (): void => nameSides(reference)
  new MutationObserver(name).observe(reference, { childList: true, subtree: true })
  name()
}

/** Redoc has a landmark for its content alone: what is beside that leads through it. */
function nameSides(reference: Element): void {
  const main = reference.querySelector('main')
  for (let at: Element | null = main; at !== null && at !== reference; at = at.parentElement) {
    for (const side of at.parentElement?.children ?? []) {
      if (side === at || side.hasAttribute('role') || side.textContent.trim() === '') continue
      if (side.matches('style, script, [hidden]') || side.querySelector('nav') !== null) continue
      side.setAttribute('role', 'navigation')
      side.setAttribute('aria-label', 'Contents')
    }
  }
}
