import { sendCommand, type Answer, type Command, type CommandAnswer } from './api-client.ts'
import type { Problem } from './api-client.ts'

/**
 * Sends a change until it is known what became of it. Each try has the same key, so the change is carried
 * out once, however often it is sent; and a change of a status names the version that it is meant for, so
 * a late try changes nothing that somebody else has changed meanwhile.
 */

export type Progress =
  | { readonly kind: 'done'; readonly answer: CommandAnswer; readonly tookMs: number }
  /** Nothing of it was, or will be, carried out. */
  | { readonly kind: 'refused'; readonly problem: Problem }
  /** Not known yet: it is asked again by itself. */
  | { readonly kind: 'unsure'; readonly detail: string }
  /** Not known, and not asked any more. */
  | { readonly kind: 'given-up'; readonly detail: string }

/** With the waits below: about ten minutes. */
const TRIES_MAX = 60
const WAIT_MIN_MS = 1_000
const WAIT_MAX_MS = 10_000

/** Of a bug nobody knows what it left undone. */
const SERVER_BUG = 500

/** The earlier try, or another change of the order, is still under way. */
const IN_FLIGHT_CODES = ['CHANGE_IN_FLIGHT', 'REQUEST_IN_FLIGHT']

export interface SentChange {
  /** Something was heard of the order: worth asking now. */
  readonly askNow: () => void
}

export function sendUntilKnown(
  command: Command,
  onProgress: (progress: Progress) => void,
): SentChange {
  let wake: (() => void) | undefined

  async function run(): Promise<void> {
    let isUnsure = false
    for (let tries = 1; ; tries += 1) {
      const startMs = performance.now()
      const answer = await sendCommand(command)
      const progress = judge(answer, performance.now() - startMs, isUnsure)
      if (progress.kind !== 'unsure') return onProgress(progress)
      isUnsure = true
      if (tries === TRIES_MAX) return onProgress({ ...progress, kind: 'given-up' })
      onProgress(progress)
      await waitOrWake(Math.min(WAIT_MIN_MS * 2 ** (tries - 1), WAIT_MAX_MS))
    }
  }

  function waitOrWake(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, delayMs)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  void run()
  return { askNow: () => wake?.() }
}

/** `isUnsure`: an earlier try may have been carried out. */
function judge(answer: Answer<CommandAnswer>, tookMs: number, isUnsure: boolean): Progress {
  if (answer.kind === 'success') return { kind: 'done', answer: answer.body, tookMs }
  if (answer.kind === 'no-answer') return { kind: 'unsure', detail: 'no answer came' }
  const { problem } = answer
  const { status, outcome, code, detail } = problem
  // The service would ask for what this page does by itself: to send it again.
  if (outcome === 'unknown' || IN_FLIGHT_CODES.includes(code)) {
    return { kind: 'unsure', detail: 'it was handed over and is not confirmed yet' }
  }
  // A try that was turned away at the door says nothing of the one before it.
  if (status === SERVER_BUG || (isUnsure && outcome === 'not-applied')) {
    return { kind: 'unsure', detail }
  }
  return { kind: 'refused', problem }
}
