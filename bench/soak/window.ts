import { setTimeout as delay } from 'node:timers/promises'
import type { LoadPlan } from '../orders/load.ts'
import { prepareLoad } from '../orders/load.ts'
import { median } from '../orders/table.ts'
import type { Target } from '../orders/target.ts'

/** What was seen in one minute. Of what is read every few seconds it is the median, of the delay the most. */
export interface SoakWindow {
  readonly answered: number
  readonly failed: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly residentMb: number
  readonly heapMb: number
  readonly openFiles: number
  /** p99 of the event loop's delay between two readings. */
  readonly loopDelayMs: number
}

const READ_EVERY_MS = 5_000
const BYTES_PER_MB = 1_000_000
const MS_PER_SECOND = 1_000

/** As the service says of itself, which is what an operator sees. */
const NAMES = {
  residentMb: 'process_resident_memory_bytes',
  heapMb: 'nodejs_heap_size_used_bytes',
  openFiles: 'process_open_fds',
  loopDelayMs: 'nodejs_eventloop_lag_p99_seconds',
} as const

type Reading = Record<keyof typeof NAMES, number>

export async function soakWindow({ url }: Target, plan: LoadPlan): Promise<SoakWindow> {
  const prepared = await prepareLoad(plan)
  const ended = new AbortController()
  // The first one has the delay of the time before.
  await readMetrics(url)
  const reading = readUntil(url, ended.signal)
  const { answered, failed, p50Ms, p99Ms } = await prepared.run().finally(() => ended.abort())
  const readings = await reading
  const of = (name: keyof Reading): readonly number[] => readings.map((one) => one[name])
  return {
    answered,
    failed,
    p50Ms,
    p99Ms,
    residentMb: median(of('residentMb')) / BYTES_PER_MB,
    heapMb: median(of('heapMb')) / BYTES_PER_MB,
    openFiles: median(of('openFiles')),
    loopDelayMs: Math.max(...of('loopDelayMs')) * MS_PER_SECOND,
  }
}

async function readUntil(url: string, signal: AbortSignal): Promise<readonly Reading[]> {
  const readings: Reading[] = []
  while (!signal.aborted) {
    await delay(READ_EVERY_MS, undefined, { signal }).catch(() => {})
    if (!signal.aborted) readings.push(await readMetrics(url))
  }
  return readings
}

async function readMetrics(url: string): Promise<Reading> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const valueOf = (name: string): number => {
    const digits = new RegExp(`^${name} (\\S+)$`, 'mu').exec(text)?.[1]
    if (digits === undefined) throw new Error(`the service does not say ${name}`)
    return Number(digits)
  }
  return {
    residentMb: valueOf(NAMES.residentMb),
    heapMb: valueOf(NAMES.heapMb),
    openFiles: valueOf(NAMES.openFiles),
    loopDelayMs: valueOf(NAMES.loopDelayMs),
  }
}
