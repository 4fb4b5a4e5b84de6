import type { Violation } from './checker.ts'
import { tookMs } from './measures.ts'
import { nowMs, type Journal } from './journal.ts'
import type { Observations } from './observations.ts'

/** How long before its first request and after its last reply faults belong to an order's story. */
const AROUND_MS = 10_000

interface Line {
  readonly atMs: number
  readonly text: string
}

/** All that is known of the order of a violation, by time: what was asked, said, done, and what is there now. */
export function tellStory(
  { invariant, orderId, text }: Violation,
  journal: Journal,
  { topic, storedEvents, storedOrders }: Observations,
): string {
  const entries = journal.entries.filter((entry) => entry.orderId === orderId)
  const fromMs = Math.min(...entries.map(({ sentAtMs }) => sentAtMs)) - AROUND_MS
  const toMs = Math.max(...entries.map((entry) => entry.answeredAtMs ?? nowMs())) + AROUND_MS
  const lines: Line[] = entries.flatMap((entry) => {
    const request = `${entry.kind} (${entry.asked}) at service ${entry.instance}, trace ${entry.traceparent.slice(3, 11)}`
    const reply = [entry.status || 'no answer', entry.code, entry.outcome].filter(Boolean).join(' ')
    return [
      { atMs: entry.sentAtMs, text: `asked: ${request}` },
      {
        atMs: entry.answeredAtMs ?? Infinity,
        text: `said:  ${reply} to trace ${entry.traceparent.slice(3, 11)}, after ${tookMs(entry).toFixed(0)} ms`,
      },
    ]
  })
  for (const { atMs, what } of journal.faults) {
    if (atMs >= fromMs && atMs <= toMs) lines.push({ atMs, text: `fault: ${what}` })
  }
  const told = lines
    .toSorted((one, other) => one.atMs - other.atMs)
    .map(({ atMs, text: line }) => `  ${clock(atMs)}  ${line}`)
  const onTopic = topic
    .filter((event) => event.orderId === orderId)
    .map(
      (event) =>
        `  topic  ${event.partition}@${event.offset}  version ${event.version} ${event.status}, event ${event.eventId}, trace ${event.traceparent.slice(3, 11)}`,
    )
  const inStore = storedEvents
    .filter((event) => event.orderId === orderId)
    .map(
      (event) =>
        `  store  ${event.partition}@${event.offset ?? 'pending'}  version ${event.version}, event ${event.eventId}`,
    )
  const order = storedOrders
    .filter((row) => row.orderId === orderId)
    .map(({ version, status }) => `  store  the order: version ${version}, ${status}`)
  return [`${invariant}: ${orderId}: ${text}`, ...told, ...onTopic, ...inStore, ...order].join('\n')
}

function clock(atMs: number): string {
  return Number.isFinite(atMs) ? new Date(atMs).toISOString().slice(11, 23) : 'never       '
}
