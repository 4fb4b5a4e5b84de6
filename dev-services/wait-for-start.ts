import { readFile } from 'node:fs/promises'
import type { ProcessExit, SupervisedProcess } from './supervised-process.ts'
import { waitUntil } from './wait-until.ts'

const startTimeoutMs = 90_000

export interface StartCheck {
  /** As the sentence for the user begins. */
  readonly name: string
  readonly isReady: () => Promise<boolean>
  readonly logFile: string
  readonly signal: AbortSignal | undefined
}

/**
 * Waits until a server that was just started answers. When it ends, does not answer within a bound
 * or `signal` aborts, stops it and rejects, with what its log says last.
 */
export async function waitForStart(server: SupervisedProcess, check: StartCheck): Promise<void> {
  const { name, isReady, logFile, signal } = check
  let exit: ProcessExit | undefined
  void server.exited.then((value) => (exit = value))
  try {
    const hasAnswered = await waitUntil(async () => exit !== undefined || (await isReady()), {
      timeoutMs: startTimeoutMs,
      signal,
    })
    if (hasAnswered && exit === undefined) return
    const reason = exit === undefined ? 'did not answer in time' : 'stopped while it was starting'
    const lastWords = lastWordsOf(await readFile(logFile, 'utf8'))
    throw new Error(`${name} ${reason}: ${lastWords}\nThe whole log is in ${logFile}.`)
  } catch (error) {
    await server.stop()
    throw error
  }
}

/** Its last line that is not one of a stack: those say nothing to a reader. */
export function lastWordsOf(log: string): string {
  const lines = log.trim().split('\n')
  return lines.findLast((line) => !/^\s+(?:at |\.\.\. \d+ more)/u.test(line)) ?? ''
}
