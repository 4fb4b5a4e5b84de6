import { writeFile } from 'node:fs/promises'
import process from 'node:process'
import { readStream, stopAndGo } from './overload/disturbances.ts'
import { runHotOrder, type HotStep } from './overload/hot-order.ts'
import { Instruments } from './overload/instruments.ts'
import { judge } from './overload/judge.ts'
import { runLadder, type Ladder, type LadderStep } from './overload/ladder.ts'
import { findTooFewFiles, READERS, readOptions, type Part } from './overload/options.ts'
import { describeOthers, formatHotOrder, formatLadder } from './overload/report.ts'
import { startServers, startStub, type Servers, type Target } from './overload/servers.ts'

/**
 * Asks more of the service than it can do, over up to 15,000 connections, and tells what it makes of
 * that: `npm run bench:overload`. The whole service (real Kafka, SQLite on disk or PostgreSQL), the
 * load and each instrument are processes of their own on one machine. docs/performance.md says what
 * is measured.
 */

/** Of a run with the largest options that make sense. */
const RUN_MS_MAX = 30 * 60_000
const STUB_PER_SECOND = 5_000

const options = readOptions(process.argv.slice(2))
const tooFewFiles = findTooFewFiles(options)
if (tooFewFiles !== undefined) {
  process.stderr.write(`${tooFewFiles}\n`)
  process.exit(1)
}

// Servers and helpers end with this process; so it has to end by itself.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
const overdue = setTimeout(() => {
  print(`the run was ended after ${RUN_MS_MAX / 60_000} minutes`)
  process.exit(1)
}, RUN_MS_MAX)

const ladders: LadderStep[][] = []
const failures: string[] = []
const notes: string[] = []
let hotOrder: readonly HotStep[] = []

{
  await using instruments = new Instruments(options.nice)
  if (options.parts.includes('stub')) await attempt('stub', runStub(instruments))
  if (options.parts.some((part) => part !== 'stub')) {
    await using servers = await startServers(options.store, options.settings)
    for (const part of options.parts) {
      if (part !== 'stub') await attempt(part, runPart(instruments, servers, part))
    }
  }
}
clearTimeout(overdue)
await report()

/** What fails ends its part, and not the run: what was measured is still told. */
async function attempt(part: Part, work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (error) {
    failures.push(`${part}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

async function runStub(instruments: Instruments): Promise<void> {
  await using stub = await startStub(options.capacity ?? STUB_PER_SECOND)
  await climb(instruments, stub, 'stub', options.connections)
}

async function runPart(
  instruments: Instruments,
  servers: Servers,
  part: Exclude<Part, 'stub'>,
): Promise<void> {
  await using resources = new AsyncDisposableStack()
  const service = resources.use(await servers.startService())
  switch (part) {
    case 'ladder':
      await climb(instruments, service, part, options.connections)
      break
    case 'broker':
      // Its first orders find their topic on a broker that is well.
      await instruments.measureUsual(service)
      resources.use(stopAndGo(servers.broker))
      await climb(instruments, service, part, options.besideConnections)
      break
    case 'readers':
      await instruments.measureUsual(service)
      resources.use(await readStream(service, READERS, (account) => notes.push(account)))
      await climb(instruments, service, part, options.besideConnections)
      break
    case 'hot':
      await heat(instruments, service)
  }
}

async function climb(
  instruments: Instruments,
  target: Target,
  name: string,
  connections: readonly number[],
): Promise<void> {
  const { rates, seconds, clientTimeoutMs, capacity } = options
  const ladder: Ladder = { name, rates, connections, seconds, clientTimeoutMs, capacity }
  const steps: LadderStep[] = []
  ladders.push(steps)
  await runLadder(instruments, target, ladder, (step) => {
    steps.push(step)
    print(
      `${name} ${step.rate ?? 'closed'} × over ${step.connections}: ${describeOthers(step.load)}`,
    )
  })
}

async function heat(instruments: Instruments, service: Target): Promise<void> {
  const steps: HotStep[] = []
  hotOrder = steps
  await runHotOrder(instruments, service, options.hotClients, options.hotSeconds, (step) => {
    steps.push(step)
    const { clients, hasKey, updates } = step
    const answers = updates === undefined ? 'the others alone' : describeOthers(updates)
    print(`one order, ${clients} clients ${hasKey ? 'with' : 'without'} keys: ${answers}`)
  })
}

async function report(): Promise<void> {
  for (const steps of ladders) if (steps.length > 0) print(`\n${formatLadder(steps)}`)
  if (hotOrder.length > 0) print(`\n${formatHotOrder(hotOrder, options.hotSeconds)}`)
  for (const account of notes) print(`\nreaders of the stream: ${account}`)
  const misses = ladders.flatMap(judge)
  for (const miss of misses) print(`missed: ${miss}`)
  for (const failure of failures) print(`failed: ${failure}`)
  const raw = { options, ladders, hotOrder, notes, misses, failures }
  if (options.jsonFile !== undefined) {
    await writeFile(options.jsonFile, `${JSON.stringify(raw, null, 2)}\n`)
  }
  process.exitCode = failures.length > 0 || misses.length > 0 ? 1 : 0
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
