import { endSession, urlOf } from './api-client.ts'

/** Where browsers log in they can log out: `button` is null where they need not. */
export function startLogOut(button: HTMLElement | null): void {
  button?.addEventListener('click', () => void logOut(button))
}

async function logOut(button: HTMLElement): Promise<void> {
  if (await endSession()) location.assign(urlOf('login'))
  // A reader who leaves the place has to know that the session is still there.
  else button.textContent = 'Still logged in: log out again'
}
