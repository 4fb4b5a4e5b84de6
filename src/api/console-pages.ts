import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { extname } from 'node:path'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

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

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.ts': 'text/javascript; charset=utf-8',
}

interface Asset {
  readonly content: string
  readonly entityTag: string
}

/** Asks for it each time, and gets it only when it is another: a new version is never mixed with an old. */
const CACHE_CONTROL = 'no-cache'

export function registerConsole(server: FastifyInstance): void {
  for (const name of readdirSync(FOLDER)) {
    const mediaType = MEDIA_TYPES[extname(name)]
    if (mediaType === undefined) continue
    let asset: Asset | undefined
    server.route({
      method: 'GET',
      url: name === PAGE ? '/console' : `/console/${name}`,
      schema: { hide: true },
      handler: async (request, reply) => {
        // Read when it is first asked for: a service whose console nobody opens pays nothing.
        asset ??= readAsset(name)
        return sendAsset(request, reply.type(mediaType), asset)
      },
    })
  }
}

function readAsset(name: string): Asset {
  const text = readFileSync(new URL(name, FOLDER), 'utf8')
  const content = extname(name) === '.ts' ? stripTypeScriptTypes(text) : text
  const hash = createHash('sha256').update(content).digest('base64url')
  return { content, entityTag: `"${hash}"` }
}

function sendAsset(request: FastifyRequest, reply: FastifyReply, asset: Asset): FastifyReply {
  const { content, entityTag } = asset
  reply
    .header('content-security-policy', CONSOLE_CSP)
    .header('referrer-policy', 'no-referrer')
    .header('cache-control', CACHE_CONTROL)
    .header('etag', entityTag)
  if (request.headers['if-none-match'] === entityTag) return reply.code(304).send()
  return reply.send(content)
}
