import type { HotStep } from './hot-order.ts'
import { bestPerSecond, unknownCount } from './judge.ts'
import type { LadderStep } from './ladder.ts'
import type { LoadReport } from './tally.ts'

/** Tables in Markdown. Times are in milliseconds, sizes in megabytes. */

type Row = ReadonlyArray<readonly [string, string | number]>

export function formatLadder(steps: readonly LadderStep[]): string {
  return formatTable(steps.map((step) => rowOf(step, bestPerSecond(steps))))
}

function rowOf(step: LadderStep, best: number): Row {
  const { load, liveness, service, generator } = step
  const { confirmed, full } = load
  return [
    ['part', step.part],
    ['offered', step.rate === undefined ? 'closed' : `${step.rate} ×`],
    ['conns', connectionsOf(step)],
    ['offered/s', step.offeredPerSecond ?? '–'],
    ['sent/s', load.sent / step.seconds],
    ['confirmed/s', load.confirmedPerSecond],
    ['of best', (load.confirmedPerSecond / best).toFixed(2)],
    ['p50', confirmed.fromSend.p50Ms],
    ['p99', confirmed.fromSend.p99Ms],
    ['p99 from plan', confirmed.fromPlan.p99Ms],
    ['full/s', load.fullPerSecond],
    ['full p99', full.fromSend.p99Ms],
    ['unknown', unknownCount(step)],
    ['timed out', load.timedOut],
    ['never sent', load.neverSent],
    ['broken', sum(load.broken)],
    ['lost', sum(load.lost)],
    ['live p99', liveness.asked.p99Ms],
    ['live max', liveness.asked.maxMs],
    ['live failed', sum(liveness.failed)],
    ['sent late p99', load.sentLate.p99Ms],
    ['generator p99', load.ownDelay.p99Ms],
    ['machine p99', step.machine.p99Ms],
    ['cores', `${service.cores.toFixed(1)} + ${generator.cores.toFixed(1)}`],
    ['MB', service.residentMb],
    ['MB peak', service.residentPeakMb],
    ['usual', step.usualMs],
    ['back after', step.recoveredAfterMs < 0 ? 'never' : step.recoveredAfterMs],
  ]
}

function connectionsOf({ connections, connectionsOpen }: LadderStep): string {
  if (connections === connectionsOpen) return String(connections)
  return `${connectionsOpen} of ${connections}`
}

export function formatHotOrder(steps: readonly HotStep[], seconds: number): string {
  return formatTable(
    steps.map(({ clients, hasKey, updates, others, liveness, machine, service }): Row => [
      ['clients', clients],
      ['key', hasKey ? 'yes' : 'no'],
      ['updates/s', updates?.confirmedPerSecond ?? '–'],
      ['p50', updates?.confirmed.fromSend.p50Ms ?? '–'],
      ['p99', updates?.confirmed.fromSend.p99Ms ?? '–'],
      ['answers/s', updates === undefined ? '–' : updates.sent / seconds],
      ['never succeeded', updates?.neverConfirmed ?? '–'],
      ['creates/s of others', others.confirmedPerSecond],
      ['their p99', others.confirmed.fromSend.p99Ms],
      ['live max', liveness.asked.maxMs],
      ['machine p99', machine.p99Ms],
      ['MB peak', service.residentPeakMb],
    ]),
  )
}

/** What is in no column of its own: answers by code, and connections that ended. */
export function describeOthers({ answers, broken, lost, timedOut }: LoadReport): string {
  const counts = { ...answers, ...prefixed('broken: ', broken), ...prefixed('lost: ', lost) }
  const named = Object.entries(counts).map(([name, count]) => `${count} × ${name}`)
  return [...named, ...(timedOut > 0 ? [`${timedOut} × no answer in time`] : [])].join(', ')
}

function prefixed(prefix: string, counts: Readonly<Record<string, number>>) {
  return Object.fromEntries(
    Object.entries(counts).map(([name, count]) => [`${prefix}${name}`, count]),
  )
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0)
}

function formatTable(rows: readonly Row[]): string {
  const lines = rows.map((row) => row.map(([, value]) => formatValue(value)))
  const names = (rows[0] ?? []).map(([name]) => name)
  const rule = names.map(() => '---')
  return [names, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function formatValue(value: string | number): string {
  if (typeof value === 'string') return value
  return value < 10 && !Number.isInteger(value) ? value.toFixed(1) : String(Math.round(value))
}
