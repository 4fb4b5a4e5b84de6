import { escapeHidden } from '../models/visible-text.ts'

/** The text as one word of a shell's command line. What nobody sees is written in the way of bash and zsh. */
export function shellWord(text: string): string {
  const shown = escapeHidden(text.replaceAll(/[\\']/g, String.raw`\$&`))
  if (escapeHidden(text) !== text) return `$'${shown}'`
  return /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}
