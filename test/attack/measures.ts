import { readdirSync, readFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'

/** Of `/proc/<pid>/stat`, on every Linux of today. */
const MS_PER_TICK = 10

const SAMPLE_MS = 50

/** The most memory that the process ever held; undefined when it is gone. */
export function peakMegabytes(pid: number): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const kilobytes = /^VmHWM:\s+(\d+) kB$/mu.exec(status)?.[1]
    return kilobytes === undefined ? undefined : Math.round(Number(kilobytes) / 1_024)
  } catch {
    return undefined
  }
}

/** Looks again and again, so that the peak of a process that died is known as well. */
export class PeakWatch implements Disposable {
  megabytes = 0
  filesMax = 0
  readonly #pid: number
  readonly #timer = setInterval(() => this.#look(), SAMPLE_MS)

  constructor(pid: number) {
    this.#pid = pid
  }

  [Symbol.dispose](): void {
    this.#look()
    clearInterval(this.#timer)
  }

  #look(): void {
    this.megabytes = Math.max(this.megabytes, peakMegabytes(this.#pid) ?? 0)
    this.filesMax = Math.max(this.filesMax, openFiles(this.#pid))
  }
}

function openFiles(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length
  } catch {
    return 0
  }
}

/** Processor time of the process so far, in milliseconds. */
export function cpuMs(pid: number): number {
  // The name of the process, in brackets, may have spaces.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK
}

export interface Liveness {
  readonly asked: number
  readonly failed: number
  readonly slowestMs: number
}

/** Asks `/health/live` ten times a second, from a thread that the attack does not hold up. */
export class LivenessWatch implements AsyncDisposable {
  readonly #worker: Worker

  constructor(url: string) {
    this.#worker = new Worker(new URL('live-worker.ts', import.meta.url), { workerData: url })
  }

  async read(): Promise<Liveness> {
    const { promise, resolve, reject } = Promise.withResolvers<Liveness>()
    this.#worker.once('message', resolve).once('error', reject)
    this.#worker.postMessage('read')
    return promise
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate()
  }
}
