import { markup } from './markup.ts'
import { renderSiteHeader, SITE_LINKS, type SiteFacts } from './site-header.ts'

/** What a browser is shown at `/`: where to go from here. Programs get the same as JSON. */

export const HOME_PAGE_CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const LINKS = [
  [
    'console',
    'Console',
    'See orders as they change, find them, change them, look at their events.',
  ],
  ['docs', 'API', 'Try each operation.'],
  ['redoc', 'Reference', 'Read each operation, with programs to copy.'],
  ['asyncapi', 'Event schema', 'See what is on the topic: headers, key and value.'],
  ['openapi.json', 'openapi.json', 'Make a client of the API from it.'],
  ['asyncapi.json', 'asyncapi.json', 'Make a consumer of the events from it.'],
  ['health', 'health', 'How the service and all that it needs are now, as JSON.'],
] as const

export interface HomeFacts extends SiteFacts {
  readonly kafka: string
  /** Without credentials. */
  readonly registry: string
}

export function renderHomePage(facts: HomeFacts): string {
  const { version, kafka, registry } = facts
  const links = LINKS.map(
    ([address, name, what]) => markup`<dt><a href="${address}">${name}</a></dt><dd>${what}</dd>`,
  )
  return markup`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>CartService</title>
    <link rel="icon" href="data:,">
    ${SITE_LINKS}
    <link rel="stylesheet" href="console/home.css">
  </head>
  <body>
    ${renderSiteHeader(facts)}
    <main>
      <h1>CartService ${version}</h1>
      <p>Orders over HTTP, stored, and published as events to Kafka.</p>
      <dl>${links}</dl>
      <p class="sub">Kafka: ${kafka} · Schema Registry: ${registry}</p>
    </main>
  </body>
</html>
`.toString()
}
