import { readdirSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { extname } from 'node:path'
import type { FastifyInstance } from 'fastify'
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
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ')

const FOLDER = new URL('../console/', import.meta.url)

const PAGE = 'page.html'

export function registerConsole(server: FastifyInstance): void {
  for (const name of readdirSync(FOLDER).filter(isServed)) {
    serveFile(server, {
      url: name === PAGE ? '/console' : `/console/${name}`,
      file: new URL(name, FOLDER),
      headers: { 'content-security-policy': CONSOLE_CSP, 'referrer-policy': 'no-referrer' },
      ...(name === PAGE && { page: 'console' as const }),
      ...(extname(name) === '.ts' && { convert: stripTypes }),
    })
  }
}

function stripTypes(bytes: Buffer): Buffer {
  return Buffer.from(stripTypeScriptTypes(bytes.toString()))
}
