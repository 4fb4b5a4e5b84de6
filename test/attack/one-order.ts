import { setTimeout as delay } from 'node:timers/promises'
import { converse, nameOf, Tally, untrueAnswers } from './conversation.ts'
import type { Attack, Place } from './harness.ts'
import type { RawAnswer } from './raw-http.ts'
import { createRequest, times, updateRequest } from './requests.ts'

/** All change one order: each gets its turn, and other orders do not wait for it. */

const SIZES = {
  full: { clients: 1_000, seconds: 120 },
  short: { clients: 50, seconds: 60 },
} as const

const ORDER = 'HOT-1'

const OTHERS = 10

const RETRY_SECONDS = 1

function hotOrder(name: string, about: string, hasKeys: boolean): Attack {
  return {
    name,
    about,
    async run(place) {
      const { clients } = SIZES[place.size]
      const { port } = await place.start()
      await converse(port, [createRequest(ORDER)], new Tally())
      const [hot, beside] = await changeTogether(place, port, hasKeys)
      const missing = clients - hot.succeeded
      return {
        sent: `${clients} clients change one order${hasKeys ? ', each with a key' : ''}, until told yes; ${OTHERS} create others`,
        cameBack: `${hot.tally.text}; others: ${beside.text}`,
        faults: [
          ...untrueAnswers(hot.tally, { hasKeys }),
          ...(missing === 0 ? [] : [`${missing} clients never succeeded`]),
          ...(hot.versions.size === hot.succeeded ? [] : ['two changes got the same version']),
          ...(beside.answers.every((answer) => answer === '201')
            ? []
            : [`others got ${beside.text}`]),
        ],
      }
    },
  }
}

export const oneOrder = hotOrder('one-order', 'a thousand clients change one order', false)
export const oneOrderKeys = hotOrder(
  'one-order-keys',
  'a thousand clients change one order, each with a key of its own',
  true,
)

interface HotResult {
  readonly tally: Tally
  readonly succeeded: number
  readonly versions: ReadonlySet<string>
}

async function changeTogether(
  { size }: Place,
  port: number,
  hasKeys: boolean,
): Promise<readonly [HotResult, Tally]> {
  const { clients, seconds } = SIZES[size]
  const untilMs = performance.now() + seconds * 1_000
  const tally = new Tally()
  const versions = new Set<string>()
  let succeeded = 0
  let isOver = false
  const change = async (client: number): Promise<void> => {
    const request = updateRequest(ORDER, 'shipped', hasKeys ? `key-${client}` : undefined)
    while (performance.now() < untilMs) {
      let last: RawAnswer | undefined
      await converse(port, [request], tally, { onAnswer: (answer) => (last = answer) })
      if (last !== undefined && nameOf(last) === '200') {
        succeeded += 1
        versions.add(last.headers.get('etag') ?? '')
        return
      }
      await delay(Number(last?.headers.get('retry-after') ?? RETRY_SECONDS) * 1_000)
    }
  }
  const beside = new Tally()
  const createOthers = async (other: number): Promise<void> => {
    for (let index = 0; !isOver; index += 1) {
      await converse(port, [createRequest(`OTHER-${other}-${index}`)], beside)
    }
  }
  const others = times(OTHERS, createOthers)
  await Promise.all(times(clients, change))
  isOver = true
  await Promise.all(others)
  return [{ tally, succeeded, versions }, beside]
}
