import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { machineNowMs, type Span } from './samples.ts'

/** What a process uses, as Linux tells it. */

export interface Usage {
  /** Processor time by time. */
  readonly cores: number
  readonly residentMb: number
  readonly residentPeakMb: number
}

const SAMPLE_MS = 100
/** Of `/proc/<pid>/stat`, on every Linux of today. */
const MS_PER_TICK = 10

export async function watchUsage(pid: number, { fromMs, untilMs }: Span): Promise<Usage> {
  await sleep(Math.max(0, fromMs - machineNowMs()))
  const beginMs = machineNowMs()
  const beforeMs = readCpuMs(pid)
  let residentPeakMb = 0
  while (machineNowMs() < untilMs) {
    residentPeakMb = Math.max(residentPeakMb, readResidentMb(pid))
    await sleep(SAMPLE_MS)
  }
  const cores = (readCpuMs(pid) - beforeMs) / (machineNowMs() - beginMs)
  const residentMb = readResidentMb(pid)
  return { cores, residentMb, residentPeakMb: Math.max(residentPeakMb, residentMb) }
}

/** 0 when the process is gone. */
function readResidentMb(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`)) ?? []
  return Number(kilobytes ?? 0) / 1_024
}

function readCpuMs(pid: number): number {
  // The name of the process, in brackets, may have spaces.
  const fields = read(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, '')
    .split(' ')
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * MS_PER_TICK
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
