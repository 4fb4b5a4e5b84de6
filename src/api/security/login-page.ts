import { createHash } from 'node:crypto'
import type { FastifyReply } from 'fastify'
import { Html, markup } from '../markup.ts'
import type { PageName } from './pages.ts'

/** The pages of a login: each one answer, nothing that it loads, and no script but a few fixed lines. */

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { display: grid; min-height: 100vh; margin: 0; place-items: center }
main { width: min(24rem, 100% - 2rem) }
input, button { box-sizing: border-box; width: 100%; margin-top: .25rem; padding: .5rem; font: inherit }
button { margin-top: 1rem }
`

/**
 * The part of the address behind the `#` says what a console shows, and reaches no server. A browser keeps
 * it where the answer to the form is a redirect; a way by the identity provider loses it.
 */
const KEEP_PLACE = `
document.forms[0].action += location.hash
sessionStorage.setItem('place', location.hash)
`

const GO_TO_PLACE = `
const place = sessionStorage.getItem('place') ?? ''
sessionStorage.removeItem('place')
location.replace(document.links[0].href + place)
`

const LOGIN_PAGE_CSP = cspOf(KEEP_PLACE)

const WELCOME_PAGE_CSP = cspOf(GO_TO_PLACE)

function cspOf(script: string): string {
  return [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(STYLE)}'`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ')
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}

export interface LoginPage {
  /** Where to go to after the login. */
  readonly nextPage: PageName
  /** One sentence. */
  readonly trouble?: string
  /** From this page to where the service begins: a proxy may serve it under a prefix. */
  readonly base: '' | '../'
  readonly hasProvider: boolean
}

export function sendLoginPage(reply: FastifyReply, status: number, page: LoginPage): FastifyReply {
  return (
    reply
      .code(status)
      .header('content-security-policy', LOGIN_PAGE_CSP)
      // Without one a browser would say "null" as the origin of the form.
      .header('referrer-policy', 'same-origin')
      .type('text/html; charset=utf-8')
      .send(renderLoginPage(page))
  )
}

/**
 * The end of a login at the identity provider. A redirect would not do: a browser that comes from a form of
 * the provider is on its way from another site until it shows a page of ours, and so long sends no cookie
 * that is `SameSite=Strict`. It would be asked to log in again.
 */
export function sendWelcomePage(reply: FastifyReply, nextPage: PageName): FastifyReply {
  const page = markup`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <noscript><meta http-equiv="refresh" content="0; url=../${nextPage}" /></noscript>
        <title>CartService: logged in</title>
        <link rel="icon" href="data:," />
        <style>${new Html(STYLE)}</style>
      </head>
      <body>
        <main><p>You are logged in: <a href="../${nextPage}">continue</a></p></main>
        <script>${new Html(GO_TO_PLACE)}</script>
      </body>
    </html>
`
  return reply
    .header('content-security-policy', WELCOME_PAGE_CSP)
    .type('text/html; charset=utf-8')
    .send(page.toString())
}

function renderLoginPage({ nextPage, trouble, base, hasProvider }: LoginPage): string {
  const provider = markup`<p><a href="${base}login/provider?next=${nextPage}">Log in by the identity provider</a></p>`
  return markup`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>CartService: log in</title>
        <link rel="icon" href="data:," />
        <style>${new Html(STYLE)}</style>
      </head>
      <body>
        <main>
          <h1>CartService</h1>
          ${trouble === undefined ? '' : markup`<p role="alert">${trouble}</p>`}
          ${hasProvider ? provider : ''}
          <form method="post" action="${base}login">
            <input type="hidden" name="next" value="${nextPage}" />
            <label for="credential">API key or token</label>
            <input id="credential" name="credential" type="password" autocomplete="current-password" required autofocus />
            <button type="submit">Log in</button>
          </form>
        </main>
        <script>${new Html(KEEP_PLACE)}</script>
      </body>
    </html>
`.toString()
}
