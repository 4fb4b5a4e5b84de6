import { readdirSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { extname } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { CURRENCY_CODES } from '../models/money.ts'
import { markup } from './markup.ts'
import { renderSiteHeader, type SiteFacts } from './site-header.ts'
import { isServed, serveFile } from './static-files.ts'

/** The web console at /console: the files of src/console, as they are but for their types. */

/**
 * Nothing from outside, nothing inline. By the last directive the browser refuses to read a text as
 * markup, so that no order id can become any.
 */
const CONSOLE_CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "font-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ')

const HEADERS = { 'content-security-policy': CONSOLE_CSP, 'referrer-policy': 'no-referrer' }

const FOLDER = new URL('../console/', import.meta.url)

const PAGE = 'page.html'

const HEADER_MARK = '<!-- site header -->'

const CURRENCIES_MARK = '<!-- currencies -->'

/** All widths of the letters of Western Europe, in one file. */
const FONT = new URL(
  import.meta.resolve('@fontsource-variable/inter/files/inter-latin-wght-normal.woff2'),
)

export function registerConsole(server: FastifyInstance, site: SiteFacts): void {
  const withHeader = (bytes: Buffer): Buffer =>
    Buffer.from(
      bytes.toString().replace(HEADER_MARK, () => renderSiteHeader(site, 'console#').toString()),
    )
  for (const name of readdirSync(FOLDER).filter(isServed)) {
    serveFile(server, {
      url: name === PAGE ? '/console' : `/console/${name}`,
      file: new URL(name, FOLDER),
      headers: HEADERS,
      ...(name === PAGE && {
        page: 'console' as const,
        convert: (bytes) => withCurrencies(withHeader(bytes)),
      }),
      ...(extname(name) === '.ts' && { convert: stripTypes }),
    })
  }
  serveFile(server, { url: '/console/inter.woff2', file: FONT, headers: HEADERS })
}

/** Those that the service takes: browsers know others. */
function withCurrencies(page: Buffer): Buffer {
  const options = markup`${CURRENCY_CODES.map((code) => markup`<option>${code}</option>`)}`
  return Buffer.from(page.toString().replace(CURRENCIES_MARK, () => options.toString()))
}

function stripTypes(bytes: Buffer): Buffer {
  return Buffer.from(stripTypeScriptTypes(bytes.toString()))
}
