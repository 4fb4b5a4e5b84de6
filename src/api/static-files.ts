import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { extname } from 'node:path'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { NO_WORK } from './admission/admit-work.ts'
import { entityTag as toEntityTag, isNamedByIfNoneMatch } from './entity-tags.ts'
import type { PageName } from './security/pages.ts'

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.ts': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
}

export function isServed(name: string): boolean {
  return extname(name) in MEDIA_TYPES
}

export interface StaticFile {
  readonly url: string
  readonly file: URL
  readonly headers: Readonly<Record<string, string>>
  /** Of what is in the file; each time the same. */
  readonly convert?: (bytes: Buffer) => Buffer
  /** It is a page, for known callers; other files are programs and pictures that are the same everywhere. */
  readonly page?: PageName
}

interface Asset {
  readonly content: Buffer
  readonly entityTag: string
}

/**
 * Serves one file of ours from one buffer. It is read now: a process that has no file descriptor left
 * still has its pages, and ten thousand requests for a script open none. It is converted when it is
 * first asked for.
 */
export function serveFile(server: FastifyInstance, served: StaticFile): void {
  const { url, file, headers, convert = (bytes) => bytes, page } = served
  const bytes = readFileSync(file)
  const mediaType = MEDIA_TYPES[extname(file.pathname)] ?? 'application/octet-stream'
  let asset: Asset | undefined
  server.route({
    method: 'GET',
    url,
    schema: { hide: true },
    config: {
      work: NO_WORK,
      ...(page === undefined ? { access: 'open' } : { access: 'known', page }),
    },
    handler: async (request, reply) => {
      asset ??= createAsset(convert(bytes))
      return send(request, reply.type(mediaType).headers({ ...headers }), asset)
    },
  })
}

function createAsset(content: Buffer): Asset {
  const hash = createHash('sha256').update(content).digest('base64url')
  return { content, entityTag: toEntityTag(hash) }
}

function send(
  request: FastifyRequest,
  reply: FastifyReply,
  { content, entityTag }: Asset,
): FastifyReply {
  // Asked for each time, and sent only when it is another: a new version is never mixed with an old.
  reply.header('cache-control', 'no-cache').header('etag', entityTag)
  return isNamedByIfNoneMatch(request.headers, entityTag)
    ? reply.code(304).send()
    : reply.send(content)
}
