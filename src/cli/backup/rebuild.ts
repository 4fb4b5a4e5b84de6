import process from 'node:process'
import { parseArgs } from 'node:util'
import { readConfig } from '../../config/read-config.ts'
import { JSON_OPTION, type Command, type Print } from '../command.ts'
import { columnsOf, wrap } from '../layout.ts'
import { showProgress } from '../progress.ts'
import { readMarks } from './marks.ts'
import type { RebuildReport } from './run-rebuild.ts'

const options = {
  marks: {
    type: 'string',
    value: '<file>',
    description:
      'of the backup that the store was restored from: checks that it belongs to this topic',
  },
  'accept-loss': {
    type: 'boolean',
    default: false,
    description: 'go on although the topic has lost its beginning and the store does not have it',
  },
  'dry-run': { type: 'boolean', default: false, description: 'change nothing' },
  json: JSON_OPTION,
} as const

export const rebuild: Command = {
  summary: 'completes an empty or older store from the topic, while no service uses it',
  options,
  exitCodes: {
    0: 'the store has every event of the topic',
    1: 'it was left as it was; the output says why',
  },
  async run(args, print) {
    const { values } = parseArgs({ args: [...args], options })
    // Only now: the other commands need not wait until the clients are loaded.
    const { runRebuild } = await import('./run-rebuild.ts')
    const isRehearsal = values['dry-run']
    const report = await runRebuild(readConfig(), {
      marks: values.marks === undefined ? undefined : readMarks(values.marks),
      acceptsLoss: values['accept-loss'],
      isRehearsal,
      onProgress: reportProgress(print),
    })
    if (values.json) print.out(JSON.stringify(report))
    else for (const line of linesOfRebuild(report, isRehearsal)) print.out(line)
    return report.isComplete ? 0 : 1
  },
}

export function reportProgress(print: Print): (read: number, total: number) => void {
  const show = showProgress(print)
  return (read, total) => show('read records of the topic', read, total)
}

/** Broken where a terminal ends. */
export function linesOfRebuild(report: RebuildReport, isRehearsal = false): string[] {
  const columns = columnsOf(process.stdout)
  return describeRebuild(report, isRehearsal).flatMap((line) => wrap(line, columns))
}

function describeRebuild(report: RebuildReport, isRehearsal = false): string[] {
  const { importedCount, pendingSettledCount, pendingDroppedCount, takenIdCount } = report
  const { orderCount, eventCount } = report
  const read = `${report.recordCount} records on the topic, ${report.foreignCount} of them not of this service`
  if (!report.isComplete)
    return [`The store was left as it was: ${read}.`, ...describeFaults(report)]
  if (importedCount === 0 && pendingDroppedCount === 0 && takenIdCount === 0) {
    return [`The store has every event of the topic: ${read}. Nothing was to be done.`]
  }
  const taken =
    takenIdCount === 0
      ? []
      : [
          `${takenIdCount} ${takenIdCount === 1 ? 'id stays' : 'ids stay'} taken, of erased orders of which the topic has a tombstone alone.`,
        ]
  const lost = report.losses.length === 0 ? [] : describeLosses(report)
  return [
    ...(isRehearsal ? ['Nothing was changed. Without --dry-run:'] : []),
    `The store is complete: ${read}; ${importedCount} events were added, of which ${pendingSettledCount} were pending, and ${pendingDroppedCount} pending events that the topic does not have were taken out.`,
    `It has ${orderCount} orders and ${eventCount} events now. Not restored: idempotency keys of the events that were added, and the time at which each was settled; the time of its record stands for it.`,
    ...taken,
    ...lost,
  ]
}

function describeFaults(report: RebuildReport): string[] {
  const { mismatch, unreadable, conflicts, conflictCount } = report
  const more = conflictCount - conflicts.length
  return [
    ...(mismatch === undefined ? [] : [`${mismatch}.`]),
    ...describeLosses(report),
    ...unreadable.map(
      ({ partition, offset, reason }) => `${partition}@${offset} cannot be read: it ${reason}.`,
    ),
    ...conflicts.map(
      ({ orderId, version }) =>
        `Version ${version} of order ${orderId} is there with several event ids: it was given out twice.`,
    ),
    ...(more > 0 ? [`and ${more} more; --json has their number`] : []),
  ]
}

function describeLosses({ losses, isComplete }: RebuildReport): string[] {
  return losses.map(({ partition, from, to }) => {
    const advice = isComplete ? '' : ' --accept-loss goes on without them.'
    return `Partition ${partition} begins at ${to}: what stood from ${from} on is gone, and the store does not have it. Orders whose events all stood there are lost, and their ids are free again.${advice}`
  })
}
