import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { spawnService } from '../../test/support/service-process.ts'
import { residentBytes } from './process-usage.ts'
import { serviceSettings } from './target.ts'

/** From the start of the process to its first "ready", Kafka being up, and its memory at rest then. */

export interface StartTime {
  /** With a topic and a store that are new, and again with those. */
  readonly isNew: boolean
  readonly readyMs: number
  readonly residentBytes: number
}

const POLL_MS = 5
const REST_MS = 3_000
const USUAL_PARTITIONS = 3
const READY_MS_MAX = 60_000

export async function measureStarts(rounds: number, folder: string): Promise<readonly StartTime[]> {
  const found: StartTime[] = []
  for (let round = 0; round < rounds; round += 1) {
    const database = `sqlite:${join(folder, `${randomUUID()}.db`)}`
    const settings = serviceSettings(database, USUAL_PARTITIONS)
    for (const isNew of [true, false]) found.push({ isNew, ...(await measureStart(settings)) })
  }
  return found
}

async function measureStart(
  settings: Readonly<Record<string, string>>,
): Promise<Omit<StartTime, 'isNew'>> {
  const startedMs = performance.now()
  const service = await spawnService(settings)
  while (!(await isReady(service.url))) {
    if (performance.now() - startedMs > READY_MS_MAX) throw new Error(service.output())
    await setTimeout(POLL_MS)
  }
  const readyMs = performance.now() - startedMs
  await setTimeout(REST_MS)
  const figures = { readyMs, residentBytes: await residentBytes(service.pid) }
  await service.end('SIGTERM')
  return figures
}

function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/health/ready`).then(
    ({ ok }) => ok,
    () => false,
  )
}
