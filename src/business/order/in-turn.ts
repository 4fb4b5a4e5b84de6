import type { SettledOrder } from '../ports.ts'
import { changeInFlight, tooManyRepeated } from '../refusals.ts'
import type { Waited } from '../publication/order-turns.ts'
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
  const { turns } = deps.publications
  const { orderId } = request
  let left: SettledOrder | undefined
  if (!turns.take(orderId)) {
    const waited = await waitForTurn(deps, request, deadlineMs)
    if (waited.kind === 'answer') return waited.answer
    ;({ left } = waited)
  }
  let done: ChangedOrder | undefined
  try {
    done = await change(left)
    return done
  } finally {
    turns.pass(orderId, done?.isReplayed === false ? done : undefined)
  }
}

type Turn =
  | { readonly kind: 'turn'; readonly left: SettledOrder | undefined }
  | { readonly kind: 'answer'; readonly answer: ChangedOrder }

async function waitForTurn(deps: ChangeDeps, request: Request, deadlineMs: number): Promise<Turn> {
  const { publications } = deps
  const { orderId, leaving } = request
  const turnByMs = deadlineMs - deps.publishTimeoutMs * TURN_PART
  const concerns = (earlier: Publication): boolean => relate(earlier, request) !== 'other'
  const gone = leaving?.()
  let leave: (() => void) | undefined
  try {
    for (;;) {
      // Asked again when the change with its key has ended: its turn may come too late for that.
      const answer = await findAnswerByKey(deps, request, deadlineMs)
      if (answer !== undefined) return { kind: 'answer', answer }
      leave?.()
      leave = undefined
      const waited = await publications.turns.wait(orderId, concerns, turnByMs, gone)
      if (waited.kind === 'turn') return { kind: 'turn', left: waited.left }
      if (waited.kind === 'ended') ({ leave } = waited)
      const repeated = answerOf(deps, request, waited)
      if (repeated !== undefined) return { kind: 'answer', answer: repeated }
      if (waited.kind === 'ended') continue
      const earlier = publications.find(orderId)
      // The change with its key may have ended in this very moment.
      const late = await findAnswerByKey(deps, request, deadlineMs)
      if (late !== undefined) return { kind: 'answer', answer: late }
      throw refusalBehind(earlier, request)
    }
  } finally {
    // A client that does not take its answer still has it in memory here.
    if (gone === undefined || gone.aborted) leave?.()
    else if (leave !== undefined) gone.addEventListener('abort', leave, { once: true })
  }
}

/** Undefined: it is not known without a look at the store. */
function answerOf(deps: ChangeDeps, request: Request, waited: Waited): ChangedOrder | undefined {
  switch (waited.kind) {
    case 'ended':
      return answerAtEnd(deps, waited.change, request, waited.end)
    case 'crowded': {
      const repeated = answerAtEnd(deps, waited.change, request, waited.end)
      // Its answer would have to be read. With its key it finds it when it comes again.
      if (repeated === undefined) throw tooManyRepeated()
      return repeated
    }
    case 'left':
      // Nobody hears it. Nothing was begun.
      throw changeInFlight(request.orderId)
    case 'turn':
    case 'full':
    case 'deadline':
      return undefined
  }
}
