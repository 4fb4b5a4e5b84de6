import { escapeHidden } from '../models/visible-text.ts'

/** Lines that fit: how wide text is on a terminal, and where it is broken or cut. */

/** Texts of ours for people, wherever they are read. */
export const LINE_COLUMNS = 80

/** Narrower, words would stand alone. */
const COLUMNS_MIN = 40

/** Beside a wide lead. */
const HANG_COLUMNS_MIN = 20

const ELLIPSIS = '…'

/** A letter of two columns: East Asian wide and full-width forms, and emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u

const letters = new Intl.Segmenter()

/** Of a terminal; elsewhere lines are not broken, because programs read them. */
export function columnsOf(stream: { readonly isTTY?: boolean; readonly columns?: number }): number {
  if (stream.isTTY !== true) return Infinity
  // Some say that they have none.
  const { columns = 0 } = stream
  return columns === 0 ? LINE_COLUMNS : Math.max(COLUMNS_MIN, columns)
}

/** The columns that it takes on a terminal. The text is one that {@link escapeHidden} has seen. */
export function widthOf(text: string): number {
  return lettersOf(text).reduce((sum, letter) => sum + letterWidth(letter), 0)
}

/** Of a column: a longer text of anybody sticks out, and does not make all others as long. */
const COLUMN_WIDTH_MAX = 512

/** How wide a column with these texts is. */
export function widestOf(texts: readonly string[]): number {
  const widest = texts.reduce((width, text) => Math.max(width, widthOf(text)), 0)
  return Math.min(widest, COLUMN_WIDTH_MAX)
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - widthOf(text))) + text
}

/** Its beginning where it is too long, with a sign that something is left out. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  let shown = ''
  let left = width - 1
  for (const letter of lettersOf(text)) {
    left -= letterWidth(letter)
    if (left < 0) break
    shown += letter
  }
  return shown + ELLIPSIS
}

/** Broken between words. Each line but the first begins with the indent; a word is never broken. */
export function wrap(text: string, width: number, indent = ''): string[] {
  const lines: string[] = []
  let line = ''
  // Spaces before the first word stay.
  for (const word of escapeHidden(text).split(/(?<=[^ ]) /)) {
    const longer = line === '' ? word : `${line} ${word}`
    const room = width - (lines.length === 0 ? 0 : indent.length)
    if (line === '' || widthOf(longer) <= room) line = longer
    else {
      lines.push(line)
      line = word
    }
  }
  return [...lines, line].map((one, index) => (index === 0 ? one : indent + one))
}

/** `lead` and the text behind it; where the text is broken, it stays to the right of the lead. */
export function hang(lead: string, text: string, width: number): string[] {
  const indent = ' '.repeat(widthOf(lead))
  const [first = '', ...others] = wrap(text, Math.max(HANG_COLUMNS_MIN, width - indent.length))
  return [lead + first, ...others.map((line) => indent + line)]
}

function lettersOf(text: string): string[] {
  return Array.from(letters.segment(text), ({ segment }) => segment)
}

function letterWidth(letter: string): number {
  return WIDE.test(letter) ? 2 : 1
}
