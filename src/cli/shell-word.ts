import { escapeHidden } from '../models/visible-text.ts'

/** The text as one word of a shell's command line. What nobody sees is written in the way of bash and zsh. */
export function shellWord(text: string): string {
  if (escapeHidden(text) !== text) return `$'${Array.from(text, inQuotes).join('')}'`
  return /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}

/** One character between `$'` and `'`, where one beyond the first 65,536 has eight digits. */
function inQuotes(character: string): string {
  if (character === "'" || character === '\\') return `\\${character}`
  const shown = escapeHidden(character)
  if (shown === character || character.length === 1) return shown
  return `\\U${(character.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`
}
