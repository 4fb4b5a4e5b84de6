import type { Print } from '../command.ts'
import { describeProblem } from '../service-answer.ts'
import type { Failure } from './ask-service.ts'

const NOT_FOUND = 'ORDER_NOT_FOUND'

export const READ_EXIT_CODES = {
  0: 'the order is shown',
  1: 'there is no such order',
  2: 'it could not be asked for, or an option is wrong',
} as const

/** Prints why there is no answer; resolves with the exit code. */
export function reportFailure(failure: Failure, isJson: boolean, print: Print): number {
  if (isJson) print.out(JSON.stringify(failure))
  else if (failure.kind === 'no-answer') print.progress(failure.reason)
  else for (const line of describeProblem(failure)) print.progress(line)
  return failure.kind === 'refused' && failure.code === NOT_FOUND ? 1 : 2
}
