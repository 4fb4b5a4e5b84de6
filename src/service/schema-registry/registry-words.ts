/**
 * What a registry says, as a part of a sentence for a person. Registries break their messages over
 * lines, and quote the whole schema that ours was compared with: in a log, in health or in a terminal
 * nobody finds the reason behind it.
 */

const SENTENCE_LENGTH_MAX = 500
const REASONS_MAX = 20

/** Shorter JSON, such as a default, may be the reason itself. */
const QUOTED_LENGTH_MAX = 80

/** Of the member of Confluent's reasons that holds nothing but the schema. */
const OLD_SCHEMA = /(?:, )?\{oldSchema: '?\{…\}'?\}/g

/** One line of a bounded length; long JSON in it is left out. */
export function shortSentence(text: string): string {
  const line = withoutLongJson(text).replace(/\s+/g, ' ').replace(OLD_SCHEMA, '').trim()
  return line.length <= SENTENCE_LENGTH_MAX ? line : `${line.slice(0, SENTENCE_LENGTH_MAX - 1)}…`
}

/** The same of each; those that say nothing else than a schema are left out. */
export function shortReasons(texts: readonly string[]): string[] {
  const reasons = texts.map(shortSentence).filter((reason) => reason !== '')
  const more = reasons.length - REASONS_MAX
  return more <= 0 ? reasons : [...reasons.slice(0, REASONS_MAX), `and ${more} more`]
}

function withoutLongJson(text: string): string {
  let kept = ''
  let rest = text
  for (let start = beginOfJson(rest); start >= 0; start = beginOfJson(rest)) {
    const end = start + lengthOfJson(rest.slice(start))
    const quoted = rest.slice(start, end)
    kept += rest.slice(0, start) + (quoted.length > QUOTED_LENGTH_MAX ? '{…}' : quoted)
    rest = rest.slice(end)
  }
  return kept + rest
}

function beginOfJson(text: string): number {
  return text.search(/\{\s*"/)
}

/** Up to the brace that closes the first one; all of it where none does. */
function lengthOfJson(text: string): number {
  let depth = 0
  for (const { 0: token, index } of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"?|[{}]/gs)) {
    if (token === '{') depth += 1
    if (token === '}') depth -= 1
    if (depth === 0) return index + 1
  }
  return text.length
}
