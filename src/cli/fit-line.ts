import { widthOf, wrap } from './layout.ts'

/** A call of cart to its end, and what is piped into it. */
const CALL = /(?:printf %s .*\| )?(?:npx cart|node \S.*cart\.mjs'?) .*$/u

const INDENT = '  '

/**
 * A sentence as lines that fit. A call in it is to be pasted: it is never broken, and where it does not
 * fit behind its sentence it is a line of its own.
 */
export function fitLine(line: string, columns: number): string[] {
  if (widthOf(line) <= columns) return [line]
  const [call = ''] = CALL.exec(line) ?? []
  const sentence = line.slice(0, line.length - call.length)
  const [lead = ''] = /^ */u.exec(line) ?? []
  const lines = sentence.trim() === '' ? [] : wrap(sentence.trimEnd(), columns, lead + INDENT)
  return call === '' ? lines : [...lines, INDENT + call]
}
