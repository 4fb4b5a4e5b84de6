import { usualCase, usualTarget, type Store, type TargetShape } from './cases.ts'
import { runLoad, type LoadFigures } from './load.ts'
import type { Pace } from './measure.ts'
import { startTarget } from './target.ts'

/** Latency at half of the most that it answers, by when a request was due and not by when it was sent. */

export interface HalfRate {
  readonly target: TargetShape
  readonly connections: number
  readonly maximal: LoadFigures
  readonly half: LoadFigures
}

const WARM_UP_S = 5

export async function measureHalfRate(
  stores: readonly Store[],
  connections: number,
  { seconds }: Pace,
  folder: string,
): Promise<readonly HalfRate[]> {
  const found: HalfRate[] = []
  for (const store of ['none' as const, ...stores]) {
    await using target = await startTarget(usualTarget(store), folder)
    const plan = { ...usualCase(connections), url: target.url }
    await runLoad({ ...plan, seconds: WARM_UP_S })
    const maximal = await runLoad({ ...plan, seconds })
    const perSecond = Math.floor(maximal.perSecond / 2)
    const half = await runLoad({ ...plan, seconds: 2 * seconds, perSecond })
    found.push({ target: target.shape, connections, maximal, half })
  }
  return found
}
