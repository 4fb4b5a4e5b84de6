import { parseArgs } from 'node:util'
import { readConfig } from '../../config/read-config.ts'
import { JSON_OPTION, UsageError, type Command } from '../command.ts'
import { durationMsOf } from '../parse-values.ts'
import { showProgress } from '../progress.ts'

const DAY_MS = 86_400_000

const options = {
  'older-than': {
    type: 'string',
    value: '<duration>',
    description:
      'such as 90d: how long ago the last event was settled (default: RETIRE_AFTER_DAYS)',
  },
  'dry-run': { type: 'boolean', default: false, description: 'export them, and keep them' },
  json: JSON_OPTION,
} as const

export const retire: Command = {
  summary:
    'exports closed orders that are old as NDJSON, and takes them out of the store; their ids stay taken',
  parameters: '<file>',
  options,
  examples: [['--older-than', '90d', 'orders-2026-11-28.ndjson']],
  exitCodes: { 0: 'all of them are exported and taken out' },
  async run(args, print) {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    const [file] = positionals
    if (file === undefined || positionals.length > 1) throw new UsageError('Name one file')
    const config = readConfig()
    const ageMs = ageOf(values['older-than'], config.retireAfterDays)
    // Only now: the other commands need not wait until the clients are loaded.
    const { runRetire } = await import('./run-retire.ts')
    const show = showProgress(print)
    const report = await runRetire(config, {
      beforeMs: Math.floor(Date.now() - ageMs),
      file,
      isRehearsal: values['dry-run'],
      onProgress: (retired) => show('orders taken out', retired),
    })
    const { retiredCount, exportedEventCount, changedCount } = report
    if (values.json) print.out(JSON.stringify(report))
    else {
      const changed = changedCount === 0 ? '' : ` ${changedCount} were changed meanwhile, and stay.`
      print.out(
        `${exportedEventCount} events are in ${file}; ${retiredCount} orders were taken out.${changed}`,
      )
    }
    return 0
  },
}

function ageOf(option: string | undefined, days: number | undefined): number {
  if (option !== undefined) return durationMsOf('older-than', option)
  if (days !== undefined) return days * DAY_MS
  throw new UsageError('Say --older-than, or set RETIRE_AFTER_DAYS')
}
