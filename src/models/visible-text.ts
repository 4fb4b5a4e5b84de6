/**
 * The words of others for a terminal or a log, which may be read at a terminal: orders, records, answers
 * of a registry. Each character that a terminal obeys, that shows nothing, that looks like a space and is
 * none, or that turns the text around is written as JSON writes it, so that no id looks like another one.
 * The console has the same for its pages.
 */

/** Emoji are matched as a whole, so that what holds them together is left as it is. */
const HIDDEN =
  /\p{RGI_Emoji}|([[\p{C}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\p{Zs}\u2800]--[ ]])/gv

/** Most lines are, and this is asked a hundred times faster. */
const PLAIN = /^[\x20-\x7e]*$/u

/** In JSON such characters are inside of texts alone, where the escape means the same. */
export function escapeHidden(line: string): string {
  if (PLAIN.test(line)) return line
  return line.replaceAll(HIDDEN, (match, hidden?: string) =>
    hidden === undefined ? match : escapesOf(hidden),
  )
}

/** One for each half of a character. */
function escapesOf(character: string): string {
  return Array.from(
    { length: character.length },
    (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
  ).join('')
}
