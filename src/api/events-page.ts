import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { AsyncApi, AsyncApiMessage } from './async-api.ts'
import { listAvroFields } from './avro-fields.ts'
import { Html, inline, markup, prose } from './markup.ts'
import { renderSiteHeader, SITE_LINKS, type SiteFacts } from './site-header.ts'

/** The AsyncAPI document as a page. It can be read without its script, which is for its head alone. */

const STYLE = readFileSync(new URL('events-page.css', import.meta.url), 'utf8')

/** Its style is let in by its hash; what the head loads and asks is of this service. */
export const EVENTS_PAGE_CSP = [
  "default-src 'none'",
  "script-src 'self'",
  `style-src 'self' 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "font-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

// Links are relative, so that the page works behind a proxy that serves it under a prefix.
export function renderEventsPage(document: AsyncApi, site: SiteFacts): string {
  const { info, channels } = document
  const messages = Object.values(channels.orderEvents.messages)
  const [first] = messages
  // Escaped, the style would no longer be what its hash is of.
  const style = new Html(STYLE)
  return markup`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${info.title}</title>
        <link rel="icon" href="data:," />
        ${SITE_LINKS}
        <style>${style}</style>
      </head>
      <body>
        ${renderSiteHeader(site, 'asyncapi')}
        <main>
          <div class="title">
          <h1>${info.title} <small>${info.version}</small></h1>
          ${prose(info.description)}
          <nav aria-label="Documents">
            <a href="asyncapi.json">AsyncAPI 3.0 document</a>
            <a href="schemas/order.avsc">Avro schema</a>
            <a href="docs">HTTP API</a>
          </nav>
        </div>
          ${renderGlance(document)} ${messages.map(renderMessage)}
          ${first === undefined ? '' : [renderHeaders(messages), renderValue(first)]}
        </main>
      </body>
    </html>
`.toString()
}

function renderGlance({ servers, channels }: AsyncApi): Html {
  const { address, description, messages } = channels.orderEvents
  const brokers = Object.values(servers).map(({ host }) => asCode(host))
  const registries = Object.values(servers).map(({ bindings }) => bindings.kafka.schemaRegistryUrl)
  const keys = Object.values(messages).map(({ bindings }) => bindings.kafka.key.description)
  return markup`<section id="topic">
    <h2>Topic <code>${address}</code></h2>
    ${prose(description)}
    <dl>
      ${entry('Brokers', markup`${brokers}`)}
      ${entry('Schema Registry', asCode(registries[0] ?? ''))}
      ${entry('Key', markup`${keys[0] ?? ''}`)}
      ${entry('Producer', markup`idempotent, <code>acks=all</code>`)}
    </dl>
  </section>`
}

function renderMessage({ name, title, summary, headers, examples }: AsyncApiMessage): Html {
  return markup`<section id="${name}">
    <h2>${name}</h2>
    <p><strong>${title}.</strong> ${summary}</p>
    <dl>${entry('ce_type', asCode(headers.properties['ce_type']?.const ?? ''))}</dl>
    ${examples.map(
      (example) =>
        markup`<details>
          <summary>An example</summary>
          <h3>Headers</h3>
          <pre>${linesOf(example.headers)}</pre>
          <h3>Value, decoded</h3>
          <pre>${JSON.stringify(example.payload, null, 2)}</pre>
        </details>`,
    )}
  </section>`
}

function linesOf(headers: Readonly<Record<string, string>>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n')
}

function renderHeaders(messages: readonly AsyncApiMessage[]): Html {
  const [{ headers }] = messages as [AsyncApiMessage]
  const rows = Object.entries(headers.properties).map(([name, { description }]) => {
    const constants = messages.map((message) => message.headers.properties[name]?.const)
    const values = [...new Set(constants)].filter((value) => value !== undefined)
    const sample = messages.map(({ examples }) => examples[0]?.headers[name]).find(Boolean) ?? ''
    const optional = headers.required.includes(name) ? '' : markup` <em>optional</em>`
    return markup`<dt><code>${name}</code>${optional}</dt>
      <dd>
        ${inline(description)}
        <div class="sample">${values.length > 0 ? values.map(asCode) : ['for example ', asCode(sample)]}</div>
      </dd>`
  })
  return markup`<section id="headers">
    <h2>Headers</h2>
    <p>CloudEvents 1.0, Kafka binding, binary mode. Every value is text.</p>
    <dl class="rows">${rows}</dl>
  </section>`
}

function renderValue({ description, payload }: AsyncApiMessage): Html {
  const rows = listAvroFields(payload.schema).map(
    (row) =>
      markup`<dt><code>${row.path}</code> <span class="type">${row.type}</span></dt>
        <dd>
          ${inline(row.doc)}
          ${row.default === undefined ? '' : markup`<div class="sample">default ${asCode(row.default)}</div>`}
        </dd>`,
  )
  return markup`<section id="value">
    <h2>Value</h2>
    ${prose(description)}
    <p class="bytes" aria-label="Layout of the bytes">
      <span><b>00</b>1 byte</span>
      <span><b>schema id</b>4 bytes</span>
      <span><b>Avro binary</b>the rest</span>
    </p>
    <dl class="rows">${rows}</dl>
  </section>`
}

function asCode(text: string): Html {
  return markup`<code>${text}</code> `
}

function entry(term: string, description: Html): Html {
  return markup`<div>
    <dt>${term}</dt>
    <dd>${description}</dd>
  </div>`
}
