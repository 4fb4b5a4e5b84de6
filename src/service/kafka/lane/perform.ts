import { describeError } from '../broker-errors.ts'
import type { LaneSession } from './session.ts'
import type { LaneEffect, LaneInput } from './state.ts'

/** An effect that the broker has a part in. */
export type LaneRequest = Extract<LaneEffect, { readonly kind: 'send' | 'ask' | 'look' }>

/** Never rejects: a failure is an answer. */
export async function perform(session: LaneSession, request: LaneRequest): Promise<LaneInput> {
  try {
    switch (request.kind) {
      case 'send':
        return await session.send(request.events, request.numbers, request.isFirst)
      case 'ask':
        return { kind: 'numbers', next: await session.ask(request.producers) }
      case 'look': {
        const { events, fromOffset, untilOffset } = request
        return { kind: 'looked', ...(await session.look(events, fromOffset, untilOffset)) }
      }
    }
  } catch (error) {
    return { kind: 'failed', verdict: 'unknown', reason: describeError(error) }
  }
}

/**
 * Whether a look has got further on the topic. Its last page does not count: a lane that reads and
 * cannot send would get further by what others write.
 */
export function isFurther(request: LaneRequest, answer: LaneInput): boolean {
  return (
    request.kind === 'look' &&
    answer.kind === 'looked' &&
    answer.nextOffset > request.fromOffset &&
    answer.nextOffset < answer.untilOffset
  )
}
