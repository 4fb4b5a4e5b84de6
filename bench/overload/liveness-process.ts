import { Buffer } from 'node:buffer'
import { setTimeout as sleep } from 'node:timers/promises'
import { exchange, type Exchange } from './exchange.ts'
import { machineNowMs, summarize, type Span, type Summary } from './samples.ts'
import { serveCommands } from './serve-commands.ts'

/** Asks whether the service lives as a supervisor does: by a new connection, whatever became of the last. */
export interface LivenessCommands {
  watch(args: Span & { readonly port: number }): Promise<LivenessReport>
}

export interface LivenessReport {
  readonly asked: Summary
  /** Reason or status by count. */
  readonly failed: Readonly<Record<string, number>>
}

const EVERY_MS = 50
const TIMEOUT_MS = 10_000
const REQUEST = Buffer.from('GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n')

serveCommands({
  async watch({ port, fromMs, untilMs }) {
    const asking: Promise<Exchange>[] = []
    for (let dueMs = fromMs; dueMs < untilMs; dueMs += EVERY_MS) {
      await sleep(Math.max(0, dueMs - machineNowMs()))
      asking.push(exchange(port, REQUEST, TIMEOUT_MS))
    }
    const exchanges = await Promise.all(asking)
    const failed: Record<string, number> = {}
    for (const { result } of exchanges) {
      const name = typeof result === 'string' ? result : String(result.status)
      if (name !== '200') failed[name] = (failed[name] ?? 0) + 1
    }
    // A failure took its time, too: it must not make the figure better.
    return { asked: summarize(exchanges.map(({ tookMs }) => tookMs)), failed }
  },
} satisfies LivenessCommands)
