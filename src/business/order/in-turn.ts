import type { SettledOrder } from '../ports.ts'
import { changeInFlight, tooManyRepeated } from '../refusals.ts'
import type { Publication } from '../publication/publication.ts'
import type { ChangeDeps } from './change-deps.ts'
import type { ChangedOrder } from './commands.ts'
import { findAnswerByKey } from './find-earlier-answer.ts'
import { answerAtEnd, refusalBehind, relate, type Request } from './wait-for-earlier-change.ts'

/**
 * So much of its time a request needs when its turn has come. With less, it would be told that the store
 * or Kafka was slow, where the line was long.
 */
const TURN_PART = 1 / 10

/**
 * Carries a change out when the requests that came before it, for the same order, have their answers.
 * `left` is the order as the last of them has left it; another instance may have changed it since.
 * One whose answer is that of an earlier change does not wait for its turn. Throws what `change`
 * throws, and as {@link findAnswerByKey} and {@link answerAtEnd} do.
 */
export async function inTurn(
  deps: ChangeDeps,
  request: Request,
  deadlineMs: number,
  change: (left: SettledOrder | undefined) => Promise<ChangedOrder>,
): Promise<ChangedOrder> {
  const { publications } = deps
  const { orderId, leaving } = request
  const turnByMs = deadlineMs - deps.publishTimeoutMs * TURN_PART
  const concerns = (earlier: Publication): boolean => relate(earlier, request) !== 'other'
  let isTurn = publications.turns.take(orderId)
  let left: SettledOrder | undefined
  while (!isTurn) {
    // Asked again when the change with its key has ended: its turn may come too late for that.
    const answer = await findAnswerByKey(deps, request, deadlineMs)
    if (answer !== undefined) return answer
    const waited = await publications.turns.wait(orderId, concerns, turnByMs, leaving?.())
    isTurn = waited.kind === 'turn'
    if (waited.kind === 'turn') {
      left = waited.left
    } else if (waited.kind === 'ended') {
      const repeated = answerAtEnd(deps, waited.change, request, waited.end)
      if (repeated !== undefined) return repeated
    } else if (waited.kind === 'crowded') {
      throw tooManyRepeated()
    } else if (waited.kind === 'left') {
      // Nobody hears it. Nothing was begun.
      throw changeInFlight(orderId)
    } else {
      const earlier = publications.find(orderId)
      // The change with its key may have ended in this very moment.
      const late = await findAnswerByKey(deps, request, deadlineMs)
      if (late !== undefined) return late
      throw refusalBehind(earlier, request)
    }
  }
  let done: ChangedOrder | undefined
  try {
    done = await change(left)
    return done
  } finally {
    publications.turns.pass(orderId, done?.isReplayed === false ? done : undefined)
  }
}
