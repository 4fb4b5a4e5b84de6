import { randomUUID } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { openLane } from '../open-lane.ts'
import { usualCase, usualTarget } from './cases.ts'
import { runLoad } from './load.ts'
import type { Pace } from './measure.ts'
import { startTarget } from './target.ts'

/**
 * The least that a durable answer can take: one send that Kafka acknowledges and one write that the
 * disk keeps. Against it a create of the service at one connection, which is alone with both.
 */

export interface Alone {
  readonly createP50Ms: number
  readonly sendP50Ms: number
  readonly fsyncP50Ms: number
}

const WARM_UP_S = 5
const BLOCK_BYTES = 4_096

export async function measureAlone(
  { rounds, seconds }: Pace,
  folder: string,
): Promise<readonly Alone[]> {
  await using resources = new AsyncDisposableStack()
  const target = resources.use(await startTarget(usualTarget('sqlite'), folder))
  const lane = await openLane(`bench-${randomUUID()}`)
  resources.defer(() => lane.close())
  const file = await open(join(folder, 'fsync'), 'w')
  resources.defer(() => file.close())
  const block = Buffer.alloc(BLOCK_BYTES)
  const write = async (): Promise<void> => {
    await file.write(block)
    await file.datasync()
  }
  const plan = { ...usualCase(1), url: target.url }
  await runLoad({ ...plan, seconds: WARM_UP_S })
  await medianMs(() => lane.send(), WARM_UP_S)

  const found: Alone[] = []
  for (let round = 0; round < rounds; round += 1) {
    const { p50Ms: createP50Ms } = await runLoad({ ...plan, seconds })
    const sendP50Ms = await medianMs(() => lane.send(), seconds)
    found.push({ createP50Ms, sendP50Ms, fsyncP50Ms: await medianMs(write, seconds) })
  }
  return found
}

async function medianMs(work: () => Promise<void>, seconds: number): Promise<number> {
  const times: number[] = []
  const endMs = performance.now() + seconds * 1_000
  for (let startedMs = performance.now(); startedMs < endMs; startedMs = performance.now()) {
    await work()
    times.push(performance.now() - startedMs)
  }
  return times.toSorted((one, other) => one - other)[Math.floor(times.length / 2)] ?? NaN
}
