import { byId } from './dom.ts'
import { startMenus } from './menus.ts'
import { watchServiceState, type ServiceState } from './service-state.ts'
import { startTheme } from './theme.ts'

/** The head that all pages have: how the service is, and the theme. */
export function startSiteHeader(): ServiceState {
  startMenus()
  startTheme(byId('theme', HTMLButtonElement))
  return watchServiceState({
    pill: byId('state-pill', HTMLElement),
    details: byId('state-details', HTMLElement),
    band: document.getElementById('band') ?? undefined,
  })
}
