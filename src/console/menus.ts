/**
 * Every `details` of the class `menu` closes as a menu does: by Escape, by a press elsewhere, and when
 * the focus goes elsewhere.
 */
export function startMenus(): void {
  addEventListener('pointerdown', ({ target }) => closeAllBut(target))
  addEventListener('focusout', ({ relatedTarget }) => {
    // Nowhere: the browser's own picker of dates, or another window.
    if (relatedTarget !== null) closeAllBut(relatedTarget)
  })
  addEventListener('click', ({ target }) => {
    if (!(target instanceof Element)) return
    const chosen = target.closest('.menu-items button, .menu-items a')
    if (chosen !== null) closeAllBut(null)
  })
  addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !(event.target instanceof Element)) return
    const menu = event.target.closest<HTMLDetailsElement>('details.menu[open]')
    if (menu === null) return
    event.preventDefault()
    menu.open = false
    menu.querySelector('summary')?.focus()
  })
}

function closeAllBut(target: EventTarget | null): void {
  for (const menu of document.querySelectorAll<HTMLDetailsElement>('details.menu[open]')) {
    if (!(target instanceof Node) || !menu.contains(target)) menu.open = false
  }
}
