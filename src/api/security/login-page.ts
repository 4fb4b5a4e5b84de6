import { createHash } from 'node:crypto'
import { Html, markup } from '../markup.ts'

/** The page that asks a browser for its key: one answer, no script, nothing that it loads. */

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { display: grid; min-height: 100vh; margin: 0; place-items: center }
main { width: min(24rem, 100% - 2rem) }
input, button { box-sizing: border-box; width: 100%; margin-top: .25rem; padding: .5rem; font: inherit }
button { margin-top: 1rem }
`

export const LOGIN_PAGE_CSP = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

// Addresses are relative, so that the page works behind a proxy that serves it under a prefix.
export function renderLoginPage(nextPage: string, trouble: string | undefined): string {
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
          <form method="post" action="login">
            <input type="hidden" name="next" value="${nextPage}" />
            <label for="credential">API key or token</label>
            <input id="credential" name="credential" type="password" autocomplete="current-password" required autofocus />
            <button type="submit">Log in</button>
          </form>
        </main>
      </body>
    </html>
`.toString()
}
