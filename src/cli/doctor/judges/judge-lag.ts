import type { Lag } from '../../../service/store-guard.ts'
import { ok, problem, type Finding } from './finding.ts'

/** One name for what is found, and for why it could not be looked for. */
export const LAG_CHECK = 'store and topic'

/** `lag` undefined: the store has the last events of every partition. `rebuild`: the command for it. */
export function judgeLag(
  lag: Lag | undefined,
  topic: string,
  store: string,
  rebuild: string,
): Finding {
  if (lag === undefined) return ok(LAG_CHECK, 'the store has the last events of the topic')
  const { partition, count, first } = lag
  const others = count === 1 ? '' : ` and ${count - 1} more`
  return problem(
    LAG_CHECK,
    `${store} lacks events of ${topic}: version ${first.version} of order ${first.orderId} at ${partition}@${first.offset}${others}`,
    'Complete the store from the topic, while no service uses it:',
    rebuild,
  )
}
