import type { ServiceAddress } from '../send-change.ts'
import { askService, type Failure } from './ask-service.ts'

/** The largest page that the service gives. */
const PAGE_MAX = 200

const MEDIA_TYPES = { ndjson: 'application/x-ndjson', csv: 'text/csv' } as const

export interface ListQuestion {
  readonly path: string
  /** As the HTTP API names them. */
  readonly filters: Readonly<Record<string, string>>
  readonly format: keyof typeof MEDIA_TYPES
  /** Of entries, all pages together. */
  readonly limit: number
}

/** One page, or why there is none; the last one says whether entries were left out by the limit. */
export type Page =
  { readonly kind: 'page'; readonly lines: readonly string[]; readonly hasMore: boolean } | Failure

/** The entries of a list, a page at a time, each a line in its format. The header of CSV comes once. */
export async function* readList(
  address: ServiceAddress,
  { path, filters, format, limit }: ListQuestion,
  stop: AbortSignal,
): AsyncGenerator<Page> {
  let cursor: string | null = ''
  let left = limit
  for (let isFirst = true; left > 0 && cursor !== null; isFirst = false) {
    const asked = Math.min(PAGE_MAX, left)
    const query = new URLSearchParams({ ...filters, limit: String(asked), format })
    if (cursor !== '') query.set('cursor', cursor)
    const mediaType = MEDIA_TYPES[format]
    const answer = await askService(
      address,
      { path: `${path}?${query.toString()}`, mediaType },
      stop,
    )
    if (answer.kind !== 'found') {
      yield answer
      return
    }
    const lines = answer.text.split(/\r?\n/).filter((line) => line !== '')
    const isHeaded = format === 'csv'
    if (lines.length > asked + (isHeaded ? 1 : 0)) {
      throw new Error(`${address.url} gave more than ${asked} entries; is it CartService?`)
    }
    cursor = nextCursor(answer.headers)
    // A page may have fewer than were asked for.
    left -= Math.max(1, lines.length - (isHeaded ? 1 : 0))
    yield {
      kind: 'page',
      lines: isHeaded && !isFirst ? lines.slice(1) : lines,
      hasMore: cursor !== null,
    }
  }
}

/** Where the list goes on: the query in `Link`. */
function nextCursor(headers: Headers): string | null {
  const [, query] = /<\?([^>]*)>; rel="next"/.exec(headers.get('link') ?? '') ?? []
  return query === undefined ? null : new URLSearchParams(query).get('cursor')
}
