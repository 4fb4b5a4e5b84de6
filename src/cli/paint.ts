import { randomUUID } from 'node:crypto'
import { styleText } from 'node:util'
import { escapeHidden } from '../models/visible-text.ts'

export type Style = Exclude<Parameters<typeof styleText>[0], readonly unknown[]>

/** Colours text, or leaves it as it is. What it returns is for {@link visible} and not for a terminal. */
export type Paint = (style: Style, text: string) => string

/**
 * Around what is painted. Nobody else can know it, so nothing that others wrote looks painted.
 */
const MARK = randomUUID()

const PAINTED = new RegExp(`${MARK}<(\\w+)>([^]*?)${MARK}<>`, 'gu')

/** Leaves text as it is where the stream is no terminal, or where NO_COLOR is set. */
export function paintFor(stream: NodeJS.WritableStream): Paint {
  return (style, text) =>
    styleText(style, 'x', { stream }) === 'x' ? text : `${MARK}<${style}>${text}${MARK}<>`
}

const UNCHANGED = `${MARK}<unchanged>`

/** A line for a file or a program, to the letter: {@link visible} leaves it as it is but on a terminal. */
export function unchangedFor(stream: { readonly isTTY?: boolean }): (text: string) => string {
  return (text) => (stream.isTTY === true ? text : UNCHANGED + text)
}

/**
 * The line as a terminal may get it. Everything that a line shows may come from others: records and
 * headers, a registry's message, a service's answer. So hidden characters are written as JSON writes
 * them, and only what was painted here has colour.
 */
export function visible(line: string): string {
  if (line.startsWith(UNCHANGED)) return line.slice(UNCHANGED.length)
  return escapeHidden(line).replace(PAINTED, (_, style: Style, text: string) =>
    styleText(style, text, { validateStream: false }),
  )
}
