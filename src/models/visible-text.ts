/**
 * The words of others for a terminal or a log, which may be read at a terminal: orders, records, answers
 * of a registry. Each character that a terminal obeys, that shows nothing, that looks like a space and is
 * none, or that turns the text around is written as JSON writes it, so that no id looks like another one.
 * So is a letter of several characters that Unicode has as one (`a` and U+0308 for `ä`), and one that it
 * has twice. The console has the same for its pages (src/console/visible-text.ts).
 */

/**
 * Emoji come first, so that what is within them is no character of its own; then what is hidden; then
 * letters, each with its marks and the parts of its Hangul syllable: so much can become one by NFC. A
 * start does not wait for it: to read the names of all emoji takes V8 a hundredth of its time.
 */
const pieces = (): RegExp =>
  /\p{RGI_Emoji}|([[\p{C}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\p{Zs}\u2800]--[ ]])|([^][[\p{M}\u1160-\u11ff\ud7b0-\ud7ff]--[\p{C}\p{Default_Ignorable_Code_Point}]]*)/gv

/** Most lines are, and this is asked a hundred times faster. */
const PLAIN = /^[\x20-\x7e]*$/u

/** In JSON such characters are inside of texts alone, where the escape means the same. */
export function escapeHidden(line: string): string {
  if (PLAIN.test(line)) return line
  return line.replaceAll(pieces(), (piece, hidden?: string, letter = '') => {
    if (hidden !== undefined) return escapesOf(hidden)
    return letter.normalize('NFC') === letter ? piece : escapeBeyondAscii(letter)
  })
}

/** Lines stay lines. */
export function escapeHiddenInLines(text: string): string {
  return text.split('\n').map(escapeHidden).join('\n')
}

function escapeBeyondAscii(letter: string): string {
  return Array.from(letter, (one) => (PLAIN.test(one) ? one : escapesOf(one))).join('')
}

/** One for each half of a character. */
function escapesOf(character: string): string {
  return Array.from(
    { length: character.length },
    (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
  ).join('')
}
