import process from 'node:process'
import { parseArgs } from 'node:util'
import { DIFFERENCES, type AuditReport, type Difference } from './judge.ts'
import type { SizeReport } from './run-audit.ts'
import { readConfig } from '../../config/read-config.ts'
import { systemClock } from '../../service/system.ts'
import { JSON_OPTION, type Command, type Print } from '../command.ts'
import { columnsOf, wrap } from '../layout.ts'
import { durationMsOf, integerOf } from '../parse-values.ts'
import { printProgress, showProgress } from '../progress.ts'
import { listenForStop } from '../stop-signal.ts'
import { serveAuditMetrics } from './audit-metrics.ts'
import { AuditWatch } from './watch-audit.ts'

/** What a person reads at most; `--json` has all. */
const LINES_MAX = 50

const PORT_MAX = 65_535

const options = {
  json: JSON_OPTION,
  progress: {
    type: 'boolean',
    default: false,
    description: 'how far it is, as lines on stderr; a terminal shows it anyway',
  },
  watch: {
    type: 'boolean',
    default: false,
    description: 'audit again and again, until it is ended',
  },
  every: {
    type: 'string',
    value: '<duration>',
    default: '24h',
    description: 'with --watch: the pause between two audits',
  },
  'metrics-port': {
    type: 'string',
    value: '<port>',
    description: 'with --watch: answer the results at /metrics there, for Prometheus',
  },
  'metrics-host': {
    type: 'string',
    value: '<address>',
    default: '127.0.0.1',
    description:
      'with --metrics-port: where it listens; 0.0.0.0 for a Prometheus on another machine',
  },
} as const

export const audit: Command = {
  summary: 'compares the topic with the store, also while the service runs',
  options,
  exitCodes: { 0: 'they agree, or --watch was ended', 1: 'they differ' },
  async run(args, print) {
    const { values } = parseArgs({ args: [...args], options })
    // Only now: the other commands need not wait until the clients are loaded.
    const { runAudit } = await import('./run-audit.ts')
    // Once: settings that are not usable do not become so.
    const config = readConfig()
    if (values.watch) return watch(values, () => runAudit(config, () => {}), print)
    const onProgress = values.progress ? printProgress(print) : showProgress(print)
    const report = await runAudit(config, onProgress)
    for (const line of linesOf(report, values.json)) print.out(line)
    return agrees(report) ? 0 : 1
  },
}

interface WatchValues {
  readonly json: boolean
  readonly every: string
  readonly 'metrics-port'?: string | undefined
  readonly 'metrics-host': string
}

async function watch(
  { json, every, 'metrics-port': port, 'metrics-host': host }: WatchValues,
  auditOnce: () => Promise<AuditReport & SizeReport>,
  print: Print,
): Promise<number> {
  using stop = listenForStop()
  const watching = new AuditWatch({
    everyMs: durationMsOf('every', every),
    async audit() {
      const report = await auditOnce()
      return { differenceCount: report.differences.length, lines: linesOf(report, json) }
    },
    now: () => systemClock.now(),
    sleep: (delayMs, signal) => systemClock.sleep(delayMs, signal),
    print,
    signal: stop.signal,
  })
  await using _metrics =
    port === undefined
      ? undefined
      : await serveAuditMetrics(
          { host, port: integerOf('metrics-port', port, 1, PORT_MAX) },
          () => watching.numbers,
        )
  await watching.run()
  return 0
}

function linesOf(report: AuditReport & SizeReport, isJson: boolean): readonly string[] {
  if (isJson) return [JSON.stringify({ agrees: agrees(report), ...report })]
  const columns = columnsOf(process.stdout)
  return [...describe(report), ...describeSizes(report)].flatMap((line) =>
    wrap(line, columns, '  '),
  )
}

function agrees({ differences }: AuditReport): boolean {
  return differences.length === 0
}

function describe(report: AuditReport): string[] {
  const {
    storedCount,
    pendingCount,
    topicCount,
    expiredCount,
    shortenedCount,
    retiredCount,
    erasedCount,
    tombstoneCount,
    compactedCount,
    differences,
  } = report
  const expired =
    expiredCount === 0 ? '' : `, ${expiredCount} not on the topic any more by its retention`
  const shortened =
    shortenedCount === 0 ? '' : `, ${shortenedCount} orders without their first events`
  const retired = retiredCount === 0 ? '' : `, ${retiredCount} of retired orders`
  const erased = erasedCount === 0 ? '' : `, ${erasedCount} whose customer was erased since`
  const tombstones = tombstoneCount === 0 ? '' : `, ${tombstoneCount} tombstones`
  const compacted =
    compactedCount === 0 ? '' : `, ${compactedCount} dropped by the compaction of the topic`
  const counts = `${topicCount} events on the topic, ${storedCount} in the store, ${pendingCount} of them pending${expired}${shortened}${retired}${erased}${tombstones}${compacted}`
  if (differences.length === 0) return [`Topic and store agree: ${counts}.`]
  const more = differences.length - LINES_MAX
  return [
    `Topic and store differ: ${counts}, ${differences.length} differences.`,
    ...countKinds(differences),
    '',
    'difference    partition@offset  order, version, event id',
    ...differences.slice(0, LINES_MAX).map(describeDifference),
    ...(more > 0 ? [`and ${more} more; --json lists all`] : []),
    '',
    'Keep the list of --json, and see docs/runbooks/CartAuditFailed.md.',
  ]
}

function countKinds(differences: readonly Difference[]): string[] {
  return Object.entries(DIFFERENCES).flatMap(([kind, meaning]) => {
    const count = differences.filter((difference) => difference.kind === kind).length
    return count === 0 ? [] : [`  ${count} ${kind}: ${meaning}`]
  })
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
