import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { Type } from 'typebox'
import type { Caller } from '../models/caller.ts'
import { entityTagWeak } from './request-errors.ts'
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

/** RFC 9110 §8.8.3. */
const ENTITY_TAG = String.raw`(?:W/)?"[\x21\x23-\x7e]*"`

export const ifMatchHeader = Type.Optional(
  Type.String({
    ...ruled(
      'Carried out only if the order is at one of these versions.',
      'must be * or a list of entity tags, such as "3"',
    ),
    pattern: String.raw`^(?:\*|${ENTITY_TAG}(?:[ \t]*,[ \t]*${ENTITY_TAG})*)$`,
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

/**
 * The versions that `If-Match` names; absent where it names any. Throws ENTITY_TAG_WEAK where all tags
 * are weak, as a proxy that compresses makes them.
 */
export function readExpectedVersions(headers: IncomingHttpHeaders): {
  expectedVersions?: readonly number[]
} {
  const header = headers['if-match']
  if (header === undefined || header === '*') return {}
  const tags = header.match(new RegExp(ENTITY_TAG, 'g')) ?? []
  const [weak] = tags
  if (weak !== undefined && tags.every((tag) => tag.startsWith('W/'))) throw entityTagWeak(weak)
  const versions = tags
    .map((tag) => /^"(\d{1,10})"$/.exec(tag)?.[1])
    .filter((text) => text !== undefined)
  return { expectedVersions: versions.map(Number) }
}

/**
 * Whether `If-None-Match` names the version, weak tags included (RFC 9110 §13.1.2). What is no list of
 * tags names nothing: then the answer is sent as without the header.
 */
export function isNamedByIfNoneMatch(headers: IncomingHttpHeaders, version: number): boolean {
  const header = headers['if-none-match']?.trim()
  if (header === undefined) return false
  const tags = header.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return header === '*' || tags.includes(entityTag(version))
}

export function entityTag(version: number): string {
  return `"${version}"`
}
