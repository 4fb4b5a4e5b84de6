import type { LookCause, Measures } from '../../../business/measures/measures.ts'
import type { Produce } from '../produce-request.ts'
import type { LaneSession, SendAnswer } from './session.ts'

type SessionMeasures = Pick<
  Measures,
  'producedBatches' | 'producedEventCount' | 'topicLooks' | 'recoveredEvents'
>

/** The same session; its batches are counted. Which look follows from which answer is counted here alone. */
export function measureSession(session: LaneSession, measures: SessionMeasures): LaneSession {
  /** Of the look that comes next, if one does. */
  let cause: LookCause = 'taken-over'
  /** Event ids that were taken over and sent again from here. */
  const sentAgain = new Set<string>()
  return {
    open: () => session.open(),
    ask: (producers) => session.ask(producers),
    abandonLeader: () => session.abandonLeader(),
    close: () => session.close(),
    async send(entries, numbers, isFirst) {
      measures.producedEventCount += entries.length
      cause = isFirst ? 'unanswered' : 'sent-again'
      if (!isFirst) for (const { pending } of entries) sentAgain.add(pending.event.eventId)
      try {
        const answer = await session.send(entries, numbers, isFirst)
        if (isFirst && answer.kind === 'acked') cause = 'unproven'
        measures.producedBatches.add([resultOf(answer)])
        return answer
      } catch (error) {
        measures.producedBatches.add(['unknown'])
        throw error
      }
    },
    async look(entries, fromOffset, untilOffset) {
      // Further pages belong to the same look.
      if (untilOffset === undefined) measures.topicLooks.add([cause])
      const page = await session.look(entries, fromOffset, untilOffset)
      // It was the last page: a look that follows without another request is for what is taken over.
      if (page.nextOffset >= page.untilOffset) cause = 'taken-over'
      for (const { pending, deadlineMs } of entries) {
        const { eventId } = pending.event
        if (!page.offsets.has(eventId)) continue
        const isSentAgain = sentAgain.delete(eventId)
        // Nobody waits for what was taken over.
        if (deadlineMs === Infinity)
          measures.recoveredEvents.add([isSentAgain ? 'published' : 'found'])
      }
      return page
    },
  }
}

/** The same; each request is counted, whatever its answer says of the batches in it. */
export function measureProduce(
  produce: Produce,
  { produceRequests }: Pick<Measures, 'produceRequests'>,
): Produce {
  return async (...args) => {
    try {
      const answer = await produce(...args)
      produceRequests.add(['answered'])
      return answer
    } catch (error) {
      produceRequests.add(['unanswered'])
      throw error
    }
  }
}

function resultOf(answer: SendAnswer): string {
  if (answer.kind === 'acked') return 'acked'
  return answer.verdict === 'unknown' ? 'unknown' : 'refused'
}
