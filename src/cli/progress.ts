import type { Print } from './command.ts'

/** Who is done by then needs no progress. */
const FIRST_AFTER_MS = 500
const EVERY_MS = 200

/** For a program that reads lines. */
const LINE_EVERY_MS = 2_000

/** `total`: undefined where it is not known. */
export type Progress = (what: string, done: number, total?: number) => void

/** How far a long work is, in one line of the terminal; nothing where stderr is none. */
export function showProgress({ status }: Print): Progress {
  if (status === undefined) return () => {}
  return every(FIRST_AFTER_MS, EVERY_MS, status)
}

/** The same as lines that stay. */
export function printProgress({ progress }: Print): Progress {
  return every(LINE_EVERY_MS, LINE_EVERY_MS, progress)
}

function every(firstAfterMs: number, everyMs: number, say: (line: string) => void): Progress {
  let nextMs = performance.now() + firstAfterMs
  return (what, done, total) => {
    if (performance.now() < nextMs) return
    nextMs = performance.now() + everyMs
    say(describe(what, done, total))
  }
}

function describe(what: string, done: number, total: number | undefined): string {
  const count = done.toLocaleString('en')
  if (total === undefined || total === 0) return `${what}: ${count}`
  const percent = Math.floor((100 * done) / total)
  return `${what}: ${count} of ${total.toLocaleString('en')} (${percent} %)`
}
