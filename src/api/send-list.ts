import type { FastifyReply, FastifyRequest } from 'fastify'
import { writeCsv, type CsvColumns } from './csv.ts'
import { toJsonLine } from './json-line.ts'
import { LIST_MEDIA_TYPES, preferredFormat, type ListFormat } from './list-format.ts'

/** One page of a list, before it is in a format. */
export interface ListPage<Row> {
  readonly message: string
  readonly rows: readonly Row[]
  readonly columns: CsvColumns<Row>
  /** For who saves the answer, without its ending. */
  readonly fileName: string
  /** Null at the end. */
  readonly nextCursor: string | null
}

/** What Fastify sends: bytes as they are, and an object as the JSON of the route's schema. */
type ListAnswer<Row> =
  Buffer | { success: true; message: string; data: readonly Row[]; nextCursor: string | null }

/** The format that `format` names, or `Accept`. Where the list continues is in `Link`, in each of them. */
export function sendList<Row>(
  request: FastifyRequest,
  reply: FastifyReply,
  { message, rows, columns, fileName, nextCursor }: ListPage<Row>,
): ListAnswer<Row> {
  const query = request.query as { readonly format?: ListFormat }
  const format = query.format ?? preferredFormat(request.headers.accept)
  const before = reply.getHeader('vary')
  reply.header('vary', typeof before === 'string' ? `${before}, Accept` : 'Accept')
  if (nextCursor !== null) {
    // The query alone: it also holds behind a proxy that serves the API under a prefix.
    const nextQuery = new URLSearchParams({ ...query, cursor: nextCursor })
    reply.header('link', `<?${nextQuery.toString()}>; rel="next"`)
  }
  if (format === 'json') return { success: true, message, data: rows, nextCursor }
  // Without a charset many read the texts of text/* as Latin-1.
  reply.type(format === 'csv' ? 'text/csv; charset=utf-8' : LIST_MEDIA_TYPES[format])
  reply.header('content-disposition', `attachment; filename="${fileName}.${format}"`)
  const text =
    format === 'csv' ? writeCsv(columns, rows) : rows.map((row) => `${toJsonLine(row)}\n`).join('')
  return Buffer.from(text)
}
