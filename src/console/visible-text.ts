/**
 * Text of users, so that nobody is misled by it. A character that shows nothing, that looks like a space
 * and is none, or that turns the text around makes one id look like another one: it is written as its
 * number. So is a letter of several characters that Unicode has as one (`a` and U+0308 for `ä`), and one
 * that it has twice: two ids that differ in this alone look the same. What holds an emoji together is left
 * as it is. The command line and the log name the same characters (src/models/visible-text.ts).
 */

/**
 * Emoji come first, so that what is within them is no character of its own; then what is hidden; then
 * letters, each with its marks and the parts of its Hangul syllable: so much can become one by NFC.
 */
const PIECES =
  /\p{RGI_Emoji}|([[\p{C}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\p{Zs}\u2800]--[ ]])|([^][[\p{M}\u1160-\u11ff\ud7b0-\ud7ff]--[\p{C}\p{Default_Ignorable_Code_Point}]]*)/gv

/** Most ids are, and this is asked a hundred times faster. */
const PLAIN = /^[\x20-\x7e]*$/u

export interface TextPart {
  readonly text: string
  /** The number of a character that does not show, instead of it. */
  readonly isNumber: boolean
}

interface Hidden {
  readonly character: string
  readonly index: number
}

export function partsOf(text: string): readonly TextPart[] {
  if (PLAIN.test(text)) return [{ text, isNumber: false }]
  const parts: TextPart[] = []
  let end = 0
  for (const { character, index } of hiddenIn(text)) {
    if (index > end) parts.push({ text: text.slice(end, index), isNumber: false })
    parts.push({ text: numberOf(character), isNumber: true })
    end = index + character.length
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
  // Between the lines, and in no text: there it is escaped already.
  const lines = JSON.stringify(value, undefined, indent).split('\n')
  return lines.map(escapeHidden).join('\n')
}

function escapeHidden(line: string): string {
  if (PLAIN.test(line)) return line
  let escaped = ''
  let end = 0
  for (const { character, index } of hiddenIn(line)) {
    escaped += line.slice(end, index) + escapesOf(character)
    end = index + character.length
  }
  return escaped + line.slice(end)
}

function* hiddenIn(text: string): Generator<Hidden> {
  for (const { 1: hidden, 2: letter = '', index } of text.matchAll(PIECES)) {
    if (hidden !== undefined) yield { character: hidden, index }
    else if (letter.normalize('NFC') !== letter) yield* beyondAscii(letter, index)
  }
}

function* beyondAscii(letter: string, start: number): Generator<Hidden> {
  let index = start
  for (const character of letter) {
    if (!PLAIN.test(character)) yield { character, index }
    index += character.length
  }
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
