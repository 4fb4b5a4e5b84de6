import { setTimeout as sleep } from 'node:timers/promises'
import { exchange } from './exchange.ts'
import { createRequest } from './request-bytes.ts'
import { machineNowMs, summarize } from './samples.ts'
import { serveCommands } from './serve-commands.ts'
import { isConfirmed } from './tally.ts'

/** A single client that creates one order after the other: what it sees before, and after, an overload. */
export interface ProbeCommands {
  /** Its usual latency, in milliseconds. */
  measure(args: { readonly port: number }): Promise<number>
  /** After how many milliseconds its latency is usual again; -1: not within the bound. */
  recover(args: Recovery): Promise<number>
}

export interface Recovery {
  readonly port: number
  /** The end of the overload. */
  readonly fromMs: number
  readonly usualMs: number
}

const MEASURED = 40
const TIMEOUT_MS = 5_000
const PAUSE_MS = 5
const RECOVERY_MS_MAX = 15_000
/** One quick answer may be luck: the middle one of so many counts. */
const WINDOW = 5
const USUAL_TIMES_MAX = 2

const request = createRequest(`probe-${Date.now().toString(36)}`)
let count = 0

/** Infinity for an order that was not created. */
async function create(port: number): Promise<number> {
  count += 1
  const { result, tookMs } = await exchange(port, request.numbered(count), TIMEOUT_MS)
  await sleep(PAUSE_MS)
  return typeof result === 'object' && isConfirmed(result.status) ? tookMs : Infinity
}

serveCommands({
  async measure({ port }) {
    const tookMs: number[] = []
    while (tookMs.length < MEASURED) tookMs.push(await create(port))
    return summarize(tookMs).p50Ms
  },
  async recover({ port, fromMs, usualMs }) {
    await sleep(Math.max(0, fromMs - machineNowMs()))
    const tookMs: number[] = []
    while (machineNowMs() < fromMs + RECOVERY_MS_MAX) {
      tookMs.push(await create(port))
      const last = tookMs.slice(-WINDOW)
      const isUsual = summarize(last).p50Ms <= usualMs * USUAL_TIMES_MAX
      if (last.length === WINDOW && isUsual) return Math.round(machineNowMs() - fromMs)
    }
    return -1
  },
} satisfies ProbeCommands)
