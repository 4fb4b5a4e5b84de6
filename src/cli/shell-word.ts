import { escapeHidden } from '../models/visible-text.ts'

/** The text as one word of a shell's command line. What nobody sees is written in the way of bash and zsh. */
export function shellWord(text: string): string {
  if (escapeHidden(text) !== text) return `$'${Array.from(text, inQuotes).join('')}'`
  return /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}

/**
 * One character between `$'` and `'`, where one beyond the first 65,536 has eight digits. A mark is written
 * out, because what it makes of the letter before it may be.
 */
function inQuotes(character: string): string {
  if (character === "'" || character === '\\') return `\\${character}`
  if (escapeHidden(character) === character && !/\p{M}/u.test(character)) return character
  const digits = (character.codePointAt(0) ?? 0).toString(16)
  return character.length === 1 ? `\\u${digits.padStart(4, '0')}` : `\\U${digits.padStart(8, '0')}`
}
