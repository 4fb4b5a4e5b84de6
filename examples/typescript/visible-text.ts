/**
 * Ids and errors are the words of whoever writes to the topic. What a terminal obeys, what shows nothing
 * and what turns the text around is printed as JSON writes it, such as `\u202e`: no id looks like another
 * one, and none begins a new line.
 */
const HIDDEN = /[[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]--[ ]]/gv

export function visible(text: string): string {
  return text.replaceAll(HIDDEN, (character) =>
    // Beyond the first plane a character has two halves, each with an escape.
    Array.from(
      { length: character.length },
      (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
    ).join(''),
  )
}
