import { parseArgs } from 'node:util'
import type { AuditReport, Difference } from './judge.ts'
import type { SizeReport } from './run-audit.ts'
import { readConfig } from '../../config/read-config.ts'
import { JSON_OPTION, type Command } from '../command.ts'

const PROGRESS_EVERY_MS = 2_000

/** What a person reads at most; `--json` has all. */
const LINES_MAX = 50

const options = { json: JSON_OPTION }

export const audit: Command = {
  summary: 'compares the topic with the store, also while the service runs',
  options,
  exitCodes: { 0: 'they agree', 1: 'they differ' },
  async run(args, print) {
    const { values } = parseArgs({ args: [...args], options })
    // Only now: the other commands need not wait until the clients are loaded.
    const { runAudit } = await import('./run-audit.ts')
    let nextMs = performance.now() + PROGRESS_EVERY_MS
    const report = await runAudit(readConfig(), (read, total) => {
      if (performance.now() < nextMs) return
      nextMs = performance.now() + PROGRESS_EVERY_MS
      print.progress(`read ${read} of ${total} records`)
    })
    if (values.json) print.out(JSON.stringify({ agrees: agrees(report), ...report }))
    else for (const line of [...describe(report), ...describeSizes(report)]) print.out(line)
    return agrees(report) ? 0 : 1
  },
}

function agrees({ differences }: AuditReport): boolean {
  return differences.length === 0
}

function describe(report: AuditReport): string[] {
  const { storedCount, pendingCount, topicCount, expiredCount, shortenedCount, differences } =
    report
  const expired =
    expiredCount === 0 ? '' : `, ${expiredCount} not on the topic any more by its retention`
  const shortened =
    shortenedCount === 0 ? '' : `, ${shortenedCount} orders without their first events`
  const counts = `${topicCount} events on the topic, ${storedCount} in the store, ${pendingCount} of them pending${expired}${shortened}`
  if (differences.length === 0) return [`Topic and store agree: ${counts}.`]
  const more = differences.length - LINES_MAX
  return [
    `Topic and store differ: ${counts}, ${differences.length} differences.`,
    'difference    partition@offset  order, version, event id',
    ...differences.slice(0, LINES_MAX).map(describeDifference),
    ...(more > 0 ? [`and ${more} more; --json lists all`] : []),
  ]
}

/** Topic and store agree on such an event; that it stays pending is for a person to mend. */
function describeSizes({ maxMessageBytes, tooLarge }: SizeReport): string[] {
  if (tooLarge.length === 0) return []
  const neededBytes = Math.max(...tooLarge.map(({ bytes }) => bytes))
  const more = tooLarge.length - LINES_MAX
  return [
    `${tooLarge.length} pending ${tooLarge.length === 1 ? 'event is' : 'events are'} larger than the topic allows. Set its max.message.bytes, which is ${maxMessageBytes}, to ${neededBytes}; the service publishes them then.`,
    'bytes         order, version, event id',
    ...tooLarge
      .slice(0, LINES_MAX)
      .map(
        ({ bytes, orderId, version, eventId }) =>
          `${String(bytes).padEnd(14)}${orderId}, ${version}, ${eventId}`,
      ),
    ...(more > 0 ? [`and ${more} more; --json lists all`] : []),
  ]
}

function describeDifference(difference: Difference): string {
  const { kind, position, orderId, version, eventId, reason } = difference
  const place = `${position.partition}@${position.offset}`
  const event = reason ?? `${orderId ?? '?'}, ${version ?? '?'}, ${eventId ?? 'no event id'}`
  return `${kind.padEnd(14)}${place.padEnd(18)}${event}`
}
