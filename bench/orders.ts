import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { globalSetup, globalTeardown } from '../test/support/global-setup.ts'
import { measureAlone } from './orders/alone.ts'
import { listLoadParts, type Choice, type Store } from './orders/cases.ts'
import { measureHalfRate } from './orders/half-rate.ts'
import { measurePart, type Pace } from './orders/measure.ts'
import { reportAlone, reportHalfRate, reportPart, reportStarts } from './orders/report.ts'
import { describeMachine, saveResults } from './orders/save-results.ts'
import { findServers, type Servers } from './orders/servers.ts'
import { measureStarts } from './orders/start-time.ts'

/**
 * What an order costs, by who spends it, and what it costs over a bare route with the same schemas and
 * body and nothing behind it. All is measured in turns in one run: the rates of a shared machine drift,
 * the processor time and the ratios hardly do. Prints tables, and keeps every round in bench/results.
 * Linux.
 *
 *   npm run bench                        all parts, short: about eight minutes
 *   npm run bench -- --full              longer rounds, every combination, a million stored orders
 *   npm run bench -- --part creates,start --store sqlite --connections 256,1 --rounds 5 --seconds 10
 */

const { values } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    part: { type: 'string' },
    store: { type: 'string', default: 'sqlite,postgres' },
    connections: { type: 'string', default: '256,32,1' },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
  },
})

const SHORT: Pace = { rounds: 3, seconds: 4 }
const LONG: Pace = { rounds: 5, seconds: 10 }

interface Part {
  readonly name: string
  /** What was found, and what is printed of it. */
  measure(servers: Servers, folder: string): Promise<{ found: unknown; report: string }>
}

const usualPace = values.full ? LONG : SHORT
const pace: Pace = {
  rounds: Number(values.rounds ?? usualPace.rounds),
  seconds: Number(values.seconds ?? usualPace.seconds),
}
const choice: Choice = {
  stores: values.store.split(',').map(readStore),
  connections: values.connections.split(',').map(Number),
  isFull: values.full,
}

const parts: readonly Part[] = [
  ...listLoadParts(choice).map((part) => ({
    name: part.name,
    async measure(servers: Servers, folder: string) {
      const found = await measurePart(part, pace, servers, folder)
      return { found, report: reportPart(part, found) }
    },
  })),
  {
    name: 'rate',
    async measure(_, folder) {
      const [most = 1] = choice.connections
      const found = await measureHalfRate(choice.stores, most, pace, folder)
      return { found, report: reportHalfRate(found) }
    },
  },
  {
    name: 'start',
    async measure(_, folder) {
      const found = await measureStarts(pace.rounds, folder)
      return { found, report: reportStarts(found) }
    },
  },
  {
    name: 'alone',
    async measure(_, folder) {
      const found = await measureAlone(pace, folder)
      return { found, report: reportAlone(found) }
    },
  },
]

const chosen = chooseParts(values.part?.split(','))
await globalSetup()
const dir = await mkdtemp(join(tmpdir(), 'cart-service-bench-'))
try {
  await using servers = await findServers()
  const machine = describeMachine(servers)
  process.stdout.write(`${pace.rounds} rounds of ${pace.seconds} s, ${JSON.stringify(machine)}\n`)
  for (const part of chosen) {
    const { found, report } = await part.measure(servers, dir)
    const file = await saveResults(part.name, machine, found)
    process.stdout.write(`\n${report}\n\nEvery round: ${file}\n`)
  }
} finally {
  await rm(dir, { recursive: true, force: true })
  await globalTeardown()
}

function chooseParts(names: readonly string[] | undefined): readonly Part[] {
  if (names === undefined) return parts
  return names.map((name) => {
    const part = parts.find((one) => one.name === name)
    if (part !== undefined) return part
    const known = listLoadParts({ ...choice, isFull: true }).some((one) => one.name === name)
    const hint = known ? 'is part of --full alone' : 'is not a part'
    throw new Error(`${name} ${hint}: choose from ${parts.map((one) => one.name).join(', ')}`)
  })
}

function readStore(name: string): Store {
  if (name === 'sqlite' || name === 'postgres') return name
  throw new Error(`--store must be sqlite, postgres or both with a comma, got ${name}`)
}
