import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { Type } from 'typebox'
import type { Caller } from '../models/caller.ts'
import { ruled } from './schemas/rule.ts'
import type { RetryKey } from '../models/order-event.ts'

/** Fastify has those of a schema in lower case; sentences have them as they are written. */
export const HEADER_NAMES = ['Idempotency-Key', 'If-Match', 'Last-Event-ID'] as const

/** Printable ASCII without space and comma: Node joins a header that comes twice by ", ". */
const KEY_CHARACTER = String.raw`[\x21-\x2b\x2d-\x7e]`

/** The draft of the IETF writes the key in quotes, most clients do not; both mean the same. */
const BARE_KEY = String.raw`[\x21\x23-\x2b\x2d-\x7e]${KEY_CHARACTER}{0,254}`
const QUOTED_KEY = `"${KEY_CHARACTER}{1,255}"`

export const idempotencyKeyHeader = Type.Optional(
  Type.String({
    ...ruled(
      'Makes sending the same request again safe: it is carried out once, and answered the same.',
      'must be 1 to 255 printable ASCII characters without space and comma',
    ),
    pattern: `^(?:${BARE_KEY}|${QUOTED_KEY})$`,
  }),
)

/** In no header and in no principal: so the two cannot be put together in two ways. */
const AFTER_PRINCIPAL = '\n'

interface AskingRequest {
  readonly headers: IncomingHttpHeaders
  readonly caller: Caller | undefined
}

/**
 * The key of the request, and what it belongs to. A key is its caller's own: who guesses that of another
 * caller does not get that one's answer.
 */
export function readRetryKey(
  { headers, caller }: AskingRequest,
  operation: string,
  ...parts: readonly unknown[]
): { retryKey?: RetryKey } {
  const header = headers['idempotency-key']
  if (header === undefined) return {}
  const bareKey = String(header).replace(/^"(.*)"$/s, '$1')
  const idempotencyKey =
    caller === undefined ? bareKey : caller.principal + AFTER_PRINCIPAL + bareKey
  const asked = JSON.stringify([operation, ...parts])
  const fingerprint = createHash('sha256').update(asked).digest('hex')
  return { retryKey: { idempotencyKey, fingerprint } }
}
