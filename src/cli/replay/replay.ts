import { parseArgs } from 'node:util'
import { readConfig } from '../../config/read-config.ts'
import { JSON_OPTION, UsageError, type Command } from '../command.ts'
import { timeMsOf } from '../parse-values.ts'
import { showProgress } from '../progress.ts'

const options = {
  'to-topic': { type: 'string', value: '<topic>', description: 'exists, and is not the live one' },
  order: {
    type: 'string',
    value: '<id>',
    multiple: true,
    description: 'only this order; may be given several times',
  },
  from: {
    type: 'string',
    value: '<time>',
    description:
      'only events of this time (2026-11-24T09:00:00Z), or of a while ago (10m), and later',
  },
  until: { type: 'string', value: '<time>', description: 'only events before it' },
  'dry-run': { type: 'boolean', default: false, description: 'count them' },
  json: JSON_OPTION,
} as const

export const replay: Command = {
  summary: 'copies settled events of the store, bytes and headers, to another topic',
  options,
  examples: [['--to-topic', 'orders-replayed', '--from', '7d']],
  exitCodes: { 0: 'all of them were copied' },
  async run(args, print) {
    const { values } = parseArgs({ args: [...args], options })
    const topic = values['to-topic']
    if (topic === undefined) throw new UsageError('Say --to-topic')
    const nowMs = Date.now()
    // Only now: the other commands need not wait until the clients are loaded.
    const { runReplay } = await import('./run-replay.ts')
    const show = showProgress(print)
    const copiedCount = await runReplay(readConfig(), {
      topic,
      orderIds: values.order && new Set(values.order),
      fromMs: values.from === undefined ? -Infinity : timeMsOf('from', values.from, nowMs),
      untilMs: values.until === undefined ? Infinity : timeMsOf('until', values.until, nowMs),
      isRehearsal: values['dry-run'],
      onProgress: (copied) => show('copied events', copied),
    })
    if (values.json) print.out(JSON.stringify({ topic, copiedCount }))
    else if (values['dry-run']) print.out(`${copiedCount} events would be copied to ${topic}.`)
    else print.out(`${copiedCount} events were copied to ${topic}.`)
    return 0
  },
}
