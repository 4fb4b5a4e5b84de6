import process from 'node:process'
import { parseArgs } from 'node:util'
import type { Config } from '../../config/config.ts'
import { readConfig } from '../../config/read-config.ts'
import { ORDER_STATUSES } from '../../models/order.ts'
import type { TailStart } from '../../service/kafka/topic-tail.ts'
import { JSON_OPTION, UsageError, type Command, type Print } from '../command.ts'
import { columnsOf } from '../layout.ts'
import { paintFor } from '../paint.ts'
import { createOrderLines, readOrderRecord } from './order-line.ts'
import type { ReadableRecord } from './watch-topic.ts'
import { choiceOf, integerOf, timeMsOf } from '../parse-values.ts'
import { listenForStop } from '../stop-signal.ts'

const TYPES = ['created', 'status-changed']
const LIMIT_MAX = 1_000_000_000

const options = {
  'from-beginning': {
    type: 'boolean',
    default: false,
    description: 'all that is on the topic, then what comes',
  },
  since: {
    type: 'string',
    value: '<time>',
    description: 'from a time (2026-11-24T09:00:00Z), or from a while ago (10m), on',
  },
  order: { type: 'string', value: '<id>', description: 'only this order' },
  key: { type: 'string', value: '<text>', description: 'only records whose key begins with it' },
  status: {
    type: 'string',
    value: '<status>',
    choices: ORDER_STATUSES,
    description: `only events with this status: ${ORDER_STATUSES.join(', ')}`,
  },
  type: {
    type: 'string',
    value: '<type>',
    choices: TYPES,
    description: `only events of this type: ${TYPES.join(' or ')}`,
  },
  limit: { type: 'string', value: '<n>', description: 'end after so many' },
  'exit-at-end': {
    type: 'boolean',
    default: false,
    description: 'end where the topic ends now, instead of waiting for more',
  },
  json: {
    ...JSON_OPTION,
    description:
      'one JSON text a line: key, partition, offset, timestamp, headers, schemaId, value, problem',
  },
} as const

export interface Filters {
  readonly order?: string | undefined
  /** The beginning of a key. */
  readonly key?: string | undefined
  readonly status?: string | undefined
  readonly type?: string | undefined
}

export const listen: Command = {
  summary: 'shows the events on the topic as they come, decoded by the registry',
  options,
  exitCodes: {
    0: 'the limit or the end was reached, or somebody ended it',
    1: 'not used',
    2: 'the topic could not be read, or an option is wrong',
  },
  async run(args, print) {
    const { values } = parseArgs({ args: [...args], options })
    const filters = {
      order: values.order,
      key: values.key,
      status: values.status && choiceOf('status', values.status, ORDER_STATUSES),
      type: values.type && choiceOf('type', values.type, TYPES),
    }
    const limit =
      values.limit === undefined ? Infinity : integerOf('limit', values.limit, 1, LIMIT_MAX)
    const start = readStart(values['from-beginning'], values.since)
    const line = values.json
      ? JSON.stringify
      : createOrderLines(paintFor(process.stdout), columnsOf(process.stdout))

    using stop = listenForStop()
    const done = new AbortController()
    let shown = 0
    await showRecords(readConfig(), print, {
      start,
      endsAtEnd: values['exit-at-end'],
      signal: AbortSignal.any([stop.signal, done.signal]),
      onRecord: (record) => {
        if (!matches(record, filters)) return
        print.out(line(record))
        shown += 1
        if (shown === limit) done.abort()
      },
    })
    return 0
  },
}

/** Watches the topic; says once what keeps it from being read, and when it can be again. */
export async function showRecords(
  config: Config,
  print: Pick<Print, 'progress'>,
  watched: {
    readonly start: TailStart
    readonly endsAtEnd: boolean
    readonly signal: AbortSignal
    readonly onRecord: (record: ReadableRecord) => void
  },
): Promise<void> {
  // Only now: the other commands need not wait until the clients are loaded.
  const { watchTopic } = await import('./watch-topic.ts')
  const troubles = new Map<number, string>()
  await watchTopic(config, {
    ...watched,
    onTrouble: (partition, reason) => {
      if (troubles.get(partition) === reason) return
      if (reason === undefined) troubles.delete(partition)
      else troubles.set(partition, reason)
      const state =
        reason === undefined ? 'can be read again' : `cannot be read (${reason}); trying`
      print.progress(`Partition ${partition} ${state}`)
    },
  })
}

function readStart(fromBeginning: boolean, since: string | undefined): TailStart {
  if (since === undefined) return { kind: fromBeginning ? 'beginning' : 'end' }
  if (fromBeginning) throw new UsageError('--from-beginning and --since exclude each other')
  return { kind: 'since', timestampMs: timeMsOf('since', since, Date.now()) }
}

/** What is not known of a record is not what was asked for. */
export function matches(record: ReadableRecord, { order, key, status, type }: Filters): boolean {
  if (key !== undefined && record.key?.startsWith(key) !== true) return false
  if (order === undefined && status === undefined && type === undefined) return true
  const known = readOrderRecord(record)
  return (
    (order === undefined || record.key === order || known.order.orderId === order) &&
    (status === undefined || known.order.status === status) &&
    (type === undefined || known.type === type)
  )
}
