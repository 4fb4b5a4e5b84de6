import type { IncomingHttpHeaders } from 'node:http'
import { Type } from 'typebox'
import { entityTagAltered } from './request-errors.ts'
import { ruled } from './schemas/rule.ts'

/** Entity tags: what our answers have, and what conditions name (RFC 9110 §8.8.3, §13.1). */

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

export const ifNoneMatchHeader = Type.Optional(
  Type.String({ description: 'ETags of versions that are known: of these nothing is sent.' }),
)

/**
 * Servers in between that compress an answer make its tag weak, or write the coding behind it: Apache
 * "3-gzip", Jetty "3--gzip", others "3;gzip". Both mean a representation that is ours but for its bytes.
 */
const CODING_SUFFIX = /[-;:+.]{1,2}(?:x-)?(?:gzip|br|zstd|deflate|compress)"$/i

export function entityTag(name: number | string): string {
  return `"${name}"`
}

/** The tag as we gave it, where it is one that was altered on the way. */
function withoutAlteration(tag: string): string {
  return tag.replace(/^W\//, '').replace(CODING_SUFFIX, '"')
}

/**
 * The versions that `If-Match` names; absent where it names any. It compares strongly, so what was altered
 * on the way names none. Throws ENTITY_TAG_WEAK where all tags are such: the same again would not help.
 */
export function readExpectedVersions(headers: IncomingHttpHeaders): {
  expectedVersions?: readonly number[]
} {
  const header = headers['if-match']
  if (header === undefined || header === '*') return {}
  const tags = header.match(new RegExp(ENTITY_TAG, 'g')) ?? []
  const [first] = tags
  if (first !== undefined && tags.every((tag) => withoutAlteration(tag) !== tag)) {
    throw entityTagAltered(first, withoutAlteration(first))
  }
  const versions = tags
    .map((tag) => /^"(\d{1,10})"$/.exec(tag)?.[1])
    .filter((text) => text !== undefined)
  return { expectedVersions: versions.map(Number) }
}

/**
 * Whether `If-None-Match` names our tag. It compares weakly, so what was altered on the way names it, too.
 * What is no list of tags names nothing: then the answer is sent as without the header.
 */
export function isNamedByIfNoneMatch(headers: IncomingHttpHeaders, ours: string): boolean {
  const header = headers['if-none-match']?.trim()
  if (header === undefined) return false
  const tags = header.split(',').map((tag) => tag.trim())
  // The end of one of ours may look like a coding.
  return (
    header === '*' ||
    tags.some((tag) => tag.replace(/^W\//, '') === ours || withoutAlteration(tag) === ours)
  )
}
