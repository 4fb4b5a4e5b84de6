import { byId } from './dom.ts'
import { startLogOut } from './log-out.ts'
import { startMenus } from './menus.ts'
import { watchServiceState, type ServiceState } from './service-state.ts'
import { startTheme } from './theme.ts'

/** The head that all pages have: how the service is, the theme, and the way out. */
export function startSiteHeader(): ServiceState {
  startMenus()
  showCurrentPage()
  startTheme(byId('theme', HTMLButtonElement))
  startLogOut(document.getElementById('log-out'))
  return watchServiceState({
    pill: byId('state-pill', HTMLElement),
    details: byId('state-details', HTMLElement),
    band: document.getElementById('band') ?? undefined,
  })
}

/** On a narrow screen the last pages are pushed out to the side. The page itself stays where it is. */
function showCurrentPage(): void {
  const link = document.querySelector<HTMLElement>('.site-header nav [aria-current]')
  if (link?.parentElement) link.parentElement.scrollLeft = link.offsetLeft
}
