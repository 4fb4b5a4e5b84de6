import { readFileSync } from 'node:fs'

/** For the store, the brokers, the registry, threads and the log, and for connections that are refused. */
const OWN_FILES = 192

/**
 * How many files this process may have open; undefined where the system does not say it so. Node raises
 * its limit to the hard one at its start. Source: proc_pid_limits(5).
 */
export function readFileLimit(path = '/proc/self/limits'): number | undefined {
  try {
    const [, soft] = /^Max open files\s+(\d+)/mu.exec(readFileSync(path, 'utf8')) ?? []
    return soft === undefined ? undefined : Number(soft)
  } catch {
    return undefined
  }
}

/**
 * How many connections leave the service the files that it needs itself. Without this bound clients take
 * them all: the system closes further connections without a word, and no broker is reached any more.
 */
export function boundConnections(wanted: number, fileLimit: number | undefined): number {
  if (fileLimit === undefined) return wanted
  return Math.min(wanted, Math.max(1, fileLimit - OWN_FILES))
}
