import process from 'node:process'
import { parseArgs } from 'node:util'
import { ATTACKS } from '../test/attack/attacks.ts'
import {
  LIVE_WITHIN_MS,
  playAttack,
  RESIDENT_MEGABYTES_MAX,
  type Attack,
  type Row,
  type StoreKind,
} from '../test/attack/harness.ts'
import { faultsOf, formatRows } from '../test/attack/report.ts'
import { globalSetup, globalTeardown } from '../test/support/global-setup.ts'

/**
 * Attacks the service from every side, on each store, with a heap of 512 MB, and prints what came of
 * it. Starts all servers that it needs. Ends with 1 when a promise was broken.
 */

const STORES: readonly StoreKind[] = ['sqlite', 'postgres']

const { values } = parseArgs({
  options: {
    list: { type: 'boolean', default: false },
    only: { type: 'string' },
    store: { type: 'string' },
    short: { type: 'boolean', default: false },
  },
})

// Services and brokers end with this process; so it has to end by itself.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

if (values.list) {
  for (const { name, about } of ATTACKS) print(`${name.padEnd(20)} ${about}`)
} else {
  await globalSetup()
  try {
    process.exitCode = (await runAll()) ? 0 : 1
  } finally {
    await globalTeardown()
  }
}

async function runAll(): Promise<boolean> {
  const rows: Row[] = []
  for (const store of choose(STORES, values.store, String)) {
    for (const attack of choose(ATTACKS, values.only, ({ name }) => name)) {
      if (attack.stores?.includes(store) === false) continue
      rows.push(await runOne(attack, store))
    }
  }
  print(`\nThe bound of memory is ${RESIDENT_MEGABYTES_MAX} MB, of each process, at any time.\n`)
  print(formatRows(rows))
  const slowest = Math.max(0, ...rows.map(({ liveness }) => liveness?.slowestMs ?? 0))
  print(`\n/health/live took ${slowest} ms at most, of ${LIVE_WITHIN_MS} ms.`)
  return rows.every((row) => faultsOf(row).length === 0)
}

async function runOne(attack: Attack, store: StoreKind): Promise<Row> {
  print(`\n── ${attack.name} on ${store}: ${attack.about}`)
  const startMs = performance.now()
  const row = await playAttack(attack, store, values.short ? 'short' : 'full')
  const seconds = ((performance.now() - startMs) / 1_000).toFixed(0)
  const live = row.liveness === undefined ? '' : `; live within ${row.liveness.slowestMs} ms`
  const verdict = faultsOf(row).length === 0 ? 'held' : 'BROKEN'
  print(`   ${verdict} after ${seconds} s: ${row.cameBack}${live}`)
  for (const fault of faultsOf(row)) print(`   ${fault}`)
  return row
}

function choose<Value>(
  all: readonly Value[],
  wanted: string | undefined,
  nameOf: (value: Value) => string,
): readonly Value[] {
  if (wanted === undefined) return all
  return wanted.split(',').map((name) => {
    const found = all.find((value) => nameOf(value) === name)
    if (found === undefined) throw new Error(`there is no ${name}; --list shows the attacks`)
    return found
  })
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
