import type { Print } from './command.ts'
import { fitLine } from './fit-line.ts'
import { columnsOf } from './layout.ts'

/** Begins the line anew, and clears it. */
const OVER = '\r\u{1b}[K'

interface Output {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

/**
 * The one place that writes to the terminal. A status line gives way to lines that stay; sentences on
 * stderr are broken where a terminal would break their words.
 */
export function createTerminal(stdout: Output, stderr: Output): Print {
  let hasStatus = false
  const clear = (): void => {
    if (hasStatus) stderr.write(OVER)
    hasStatus = false
  }
  return {
    out: (line) => {
      clear()
      stdout.write(`${line}\n`)
    },
    progress: (line) => {
      clear()
      for (const one of fitLine(line, columnsOf(stderr))) stderr.write(`${one}\n`)
    },
    status:
      stderr.isTTY === true
        ? (line) => {
            clear()
            hasStatus = line !== ''
            // A line that is broken by the terminal could not be written over.
            if (hasStatus) stderr.write(line.slice(0, (stderr.columns ?? 80) - 1))
          }
        : undefined,
  }
}
