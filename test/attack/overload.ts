import { converse, Tally, UNANSWERED, untrueAnswers } from './conversation.ts'
import type { Attack } from './harness.ts'
import { createRequest, times } from './requests.ts'
import { auditTopic } from './tools.ts'

/** More is asked at once than can be done: what is not taken is turned away, and is not done. */

const SIZES = {
  full: { connections: 300, each: 400 },
  short: { connections: 30, each: 40 },
} as const

export const overload: Attack = {
  name: 'overload',
  about: 'many connections with many creations pipelined on each',
  async run(place) {
    const { connections, each } = SIZES[place.size]
    const { port } = await place.start()
    const tally = new Tally()
    let withoutRetryAfter = 0
    await Promise.all(
      times(connections, (connection) => {
        const requests = times(each, (index) => createRequest(`O-${connection}-${index}`))
        return converse(port, requests, tally, {
          inFlight: each,
          onAnswer: ({ status, headers }) => {
            if (status === 503 && !headers.has('retry-after')) withoutRetryAfter += 1
          },
        })
      }),
    )
    const audit = await auditTopic(place.settings)
    const created = tally.count('201')
    // Of what was not answered, some may have been done.
    const isTrue =
      audit.topicCount >= created && audit.topicCount <= created + tally.count(UNANSWERED)
    return {
      sent: `${connections} connections × ${each} creations pipelined`,
      cameBack: `${tally.text}; ${audit.topicCount} on the topic`,
      faults: [
        ...untrueAnswers(tally),
        ...audit.faults,
        ...(created > 0 ? [] : ['nothing was created']),
        ...(isTrue ? [] : [`${created} creations were confirmed, ${audit.topicCount} are there`]),
        ...(withoutRetryAfter === 0 ? [] : [`${withoutRetryAfter} × 503 without Retry-After`]),
      ],
    }
  },
}
