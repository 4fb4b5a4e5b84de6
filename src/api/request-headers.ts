import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { entityTagWeak, fieldInvalid, type RequestError } from './request-errors.ts'
import type { RetryKey } from '../models/order-event.ts'

/** Printable ASCII without space and comma: Node joins a header that comes twice by ", ". */
const IDEMPOTENCY_KEY_PATTERN = /^[!-+\--~]{1,255}$/

/** RFC 9110 §8.8.3. */
const ENTITY_TAG_PATTERN = /^(?:W\/)?"[!#-~]*"$/

export const IDEMPOTENCY_KEY_RULE =
  'must be 1 to 255 printable ASCII characters without space and comma'

export const IF_MATCH_RULE = 'must be * or a list of entity tags, such as "3"'

/**
 * The key of the request, and what it belongs to. The draft of the IETF writes the key in quotes, most
 * clients do not; both mean the same. Throws REQUEST_INVALID.
 */
export function readRetryKey(
  headers: IncomingHttpHeaders,
  operation: string,
  ...parts: readonly unknown[]
): { retryKey?: RetryKey } {
  const header = headers['idempotency-key']
  if (header === undefined) return {}
  const idempotencyKey = String(header).replace(/^"(.*)"$/s, '$1')
  if (!IDEMPOTENCY_KEY_PATTERN.test(idempotencyKey)) {
    throw invalidHeader('Idempotency-Key', IDEMPOTENCY_KEY_RULE)
  }
  const asked = JSON.stringify([operation, ...parts])
  const fingerprint = createHash('sha256').update(asked).digest('hex')
  return { retryKey: { idempotencyKey, fingerprint } }
}

/**
 * The versions that `If-Match` names; absent where it names any. Throws REQUEST_INVALID, or
 * ENTITY_TAG_WEAK where all tags are weak, as a proxy that compresses makes them.
 */
export function readExpectedVersions(headers: IncomingHttpHeaders): {
  expectedVersions?: readonly number[]
} {
  const header = headers['if-match']?.trim()
  if (header === undefined || header === '*') return {}
  const tags = header.split(',').map((tag) => tag.trim())
  if (!tags.every((tag) => ENTITY_TAG_PATTERN.test(tag))) {
    throw invalidHeader('If-Match', IF_MATCH_RULE)
  }
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

function invalidHeader(field: string, rule: string): RequestError {
  return fieldInvalid(field, rule)
}
