import { once } from 'node:events'
import { createHistogram } from 'node:perf_hooks'
import process from 'node:process'
import { HttpLine } from './http-line.ts'
import type { LoadFigures, LoadPlan } from './load.ts'
import { RequestMaker } from './request-maker.ts'

/**
 * The process that load.ts starts. It opens its connections, says "ready", waits for a line of input,
 * sends, and prints its figures as one line of JSON.
 *
 * Without a rate each connection sends its next request when it has its answer. With one a request is
 * due at its time whether earlier ones are answered or not, and its latency counts from then, so a
 * service that holds up does not hide how many would have waited (coordinated omission).
 */

interface Line {
  readonly http: HttpLine
  readonly requests: RequestMaker
}

const TICK_MS = 1
/** For what is due and has no free connection, after the end. */
const DRAIN_MS_MAX = 10_000
const MICROS_PER_MS = 1_000

const latencies = createHistogram({ figures: 3 })
/** Unlike that of any earlier run on the same store. */
const run = Date.now().toString(36)
let created = 0
let answered = 0
let failed = 0

const plan = JSON.parse(process.argv[2] ?? '') as LoadPlan
const { hostname, port } = new URL(plan.url)
const lines = await Promise.all(Array.from({ length: plan.connections }, openLine))
await Promise.all(lines.map(prepare))
process.stdout.write('ready\n')
await once(process.stdin, 'data')

const startMs = performance.now()
const cpuBefore = process.cpuUsage()
if (plan.perSecond === undefined) await Promise.all(lines.map(runClosed))
else await runOpen(plan.perSecond)
const { user, system } = process.cpuUsage(cpuBefore)
const seconds = (performance.now() - startMs) / 1_000

const figures: LoadFigures = {
  answered,
  failed,
  perSecond: answered / seconds,
  p50Ms: latencies.percentile(50) / MICROS_PER_MS,
  p99Ms: latencies.percentile(99) / MICROS_PER_MS,
  maxMs: latencies.max / MICROS_PER_MS,
  cpuMicros: user + system,
}
process.stdout.write(`${JSON.stringify(figures)}\n`, () => process.exit(0))

async function openLine(_: unknown, index: number): Promise<Line> {
  const http = await HttpLine.open(hostname, Number(port))
  return { http, requests: new RequestMaker(plan, `${run}-${index}`, nextId) }
}

/** Ids rise over all connections. */
function nextId(): string {
  created += 1
  return `${run}-${created}`
}

async function prepare({ http, requests }: Line): Promise<void> {
  for (const request of requests.preparation()) {
    const status = await new Promise<number>((resolve) => http.send(request, resolve))
    if (status !== 201) throw new Error(`an order to be updated was answered ${status}`)
  }
}

function note(status: number, sinceMs: number): void {
  latencies.record(Math.max(1, Math.round((performance.now() - sinceMs) * MICROS_PER_MS)))
  if (status === 200 || status === 201) answered += 1
  else failed += 1
}

function runClosed({ http, requests }: Line): Promise<void> {
  const endMs = startMs + plan.seconds * 1_000
  return new Promise((resolve) => {
    const sendNext = (): void => {
      const sentMs = performance.now()
      if (sentMs >= endMs) return resolve()
      http.send(requests.next(), (status) => {
        note(status, sentMs)
        sendNext()
      })
    }
    sendNext()
  })
}

function runOpen(perSecond: number): Promise<void> {
  const total = Math.floor(perSecond * plan.seconds)
  const free = [...lines]
  let sent = 0
  return new Promise((resolve) => {
    const end = (): void => {
      clearInterval(ticking)
      failed = total - answered
      resolve()
    }
    const sendDue = (): void => {
      const elapsedMs = performance.now() - startMs
      const dueCount = Math.min(total, Math.floor((elapsedMs * perSecond) / 1_000))
      while (sent < dueCount) {
        // In turn: the service closes a connection on which nothing is asked.
        const line = free.shift()
        if (line === undefined) break
        sendOn(line, startMs + (sent * 1_000) / perSecond)
        sent += 1
      }
      if (elapsedMs > plan.seconds * 1_000 + DRAIN_MS_MAX) end()
    }
    const sendOn = (line: Line, dueMs: number): void =>
      line.http.send(line.requests.next(), (status) => {
        note(status, dueMs)
        free.push(line)
        if (answered + failed === total) end()
        else sendDue()
      })
    const ticking = setInterval(sendDue, TICK_MS)
  })
}
