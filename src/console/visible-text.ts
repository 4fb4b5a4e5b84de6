/**
 * Text of users, so that nobody is misled by it. A character that shows nothing, that looks like a space
 * and is none, or that turns the text around makes one id look like another one: it is written as its
 * number. Those that hold an emoji together are left as they are.
 */

/** Emoji are matched as a whole, so that what is within them is not. */
const HIDDEN =
  /\p{RGI_Emoji}|([[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Zl}\p{Zp}\p{Zs}\u2800]--[ ]])/gv

/** Most ids are, and this is asked a hundred times faster. */
const PLAIN = /^[\x20-\x7e]+$/u

export interface TextPart {
  readonly text: string
  /** The number of a character that does not show, instead of it. */
  readonly isNumber: boolean
}

export function partsOf(text: string): readonly TextPart[] {
  if (PLAIN.test(text)) return [{ text, isNumber: false }]
  const parts: TextPart[] = []
  let end = 0
  for (const { 1: hidden, index } of text.matchAll(HIDDEN)) {
    if (hidden === undefined) continue
    if (index > end) parts.push({ text: text.slice(end, index), isNumber: false })
    parts.push({ text: numberOf(hidden), isNumber: true })
    end = index + hidden.length
  }
  if (end < text.length) parts.push({ text: text.slice(end), isNumber: false })
  return parts
}

/** For a sentence, which is text alone: each number in brackets. */
export function visible(text: string): string {
  return partsOf(text)
    .map(({ text: part, isNumber }) => (isNumber ? `[${part}]` : part))
    .join('')
}

/** JSON that shows everything, and means what JSON.stringify makes of the value. */
export function visibleJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replace(HIDDEN, (match, hidden?: string) =>
    hidden === undefined ? match : escapesOf(hidden),
  )
}

/** `U+202E`. */
function numberOf(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}

/** One for each half of a character, as JSON has them. */
function escapesOf(character: string): string {
  return Array.from(
    { length: character.length },
    (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
  ).join('')
}
