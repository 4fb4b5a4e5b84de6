import { Html, markup } from './markup.ts'

/**
 * The head that all pages have. Its styles and its script are files of the console, which every page
 * loads by relative addresses, so that it works behind a proxy that serves it under a prefix.
 */

/** The pages, by their addresses. */
const PAGES = [
  ['console#', 'Orders'],
  ['console#view=events', 'Events'],
  ['console#view=operations', 'Operations'],
  ['docs', 'API'],
  ['redoc', 'Reference'],
  ['asyncapi', 'Event schema'],
] as const

export type Page = (typeof PAGES)[number][0]

export interface SiteFacts {
  readonly version: string
  /** Browsers have to log in, and so can log out. */
  readonly hasLogin: boolean
}

const LOGO = new Html(
  '<svg class="logo" viewBox="0 0 16 16" aria-hidden="true"><rect width="16" height="16" rx="4"></rect><path d="M4 8.5l3 3 5-7"></path></svg>',
)

/** For the head element of a page that is not the console itself. */
export const SITE_LINKS = markup`<link rel="stylesheet" href="console/palette.css">
    <link rel="stylesheet" href="console/site-header.css">
    <script type="module" src="console/other-page.ts"></script>`

const LOG_OUT = markup`<button type="button" id="log-out" class="head-button">Log out</button>`

export function renderSiteHeader({ version, hasLogin }: SiteFacts, current?: Page): Html {
  const links = PAGES.map(([address, name]) =>
    address === current
      ? markup`<a href="${address}" aria-current="page">${name}</a>`
      : markup`<a href="${address}">${name}</a>`,
  )
  return markup`<header class="site-header">
      <a class="brand" href="console" aria-label="CartService ${version}">${LOGO} <span class="name">CartService</span> <span class="version">${version}</span></a>
      <nav aria-label="Pages">${links}</nav>
      <details id="state" class="state menu">
        <summary><span id="state-pill" class="state-pill" role="status">Connecting</span></summary>
        <ul id="state-details" class="state-details"></ul>
      </details>
      <button type="button" id="theme" class="head-button">auto</button>
      ${hasLogin ? LOG_OUT : ''}
    </header>`
}

/**
 * For the page of Swagger UI, which is made by others: puts the head in front of it. The script is three
 * folders below what all addresses are relative to.
 */
export function renderHeaderScript(site: SiteFacts): string {
  return `
const root = new URL('../../../', document.currentScript.src)
document.body.insertAdjacentHTML('afterbegin', ${JSON.stringify(renderSiteHeader(site, 'docs').toString())})
for (const link of document.querySelectorAll('.site-header a')) {
  link.href = new URL(link.getAttribute('href'), root)
}
for (const name of ['palette', 'site-header', 'other-pages']) {
  const style = document.createElement('link')
  style.rel = 'stylesheet'
  style.href = new URL('console/' + name + '.css', root)
  document.head.append(style)
}
import(new URL('console/other-page.ts', root))
`
}
