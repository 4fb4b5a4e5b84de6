import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { text as readText } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { FakeRegistry } from '../test/support/fake-registry.ts'
import { startTestCluster } from '../test/support/kafka-cluster.ts'
import { formatReports, type Report } from '../test/fault/harness/report.ts'
import { runScenario } from '../test/fault/harness/run-scenario.ts'
import type { Scenario } from '../test/fault/harness/scenario.ts'
import { SCENARIOS } from '../test/fault/scenarios/scenarios.ts'

/**
 * Does faults to the service under load, and checks afterwards that every answer was true. Starts
 * all servers that it needs. Ends with 1 when an answer was not.
 */

const { values } = parseArgs({
  options: {
    list: { type: 'boolean', default: false },
    only: { type: 'string' },
    beside: { type: 'string' },
    seed: { type: 'string' },
    minutes: { type: 'string' },
    short: { type: 'boolean', default: false },
    secured: { type: 'boolean', default: false },
  },
})

// Services and brokers end with this process; so it has to end by itself.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
const minutes = values.minutes === undefined ? undefined : Number(values.minutes)

if (values.list) {
  listScenarios()
} else {
  process.exitCode = (await runAlone()) ?? (await runTracks())
}

function listScenarios(): void {
  for (const { name, about } of SCENARIOS) process.stdout.write(`${name.padEnd(24)} ${about}\n`)
}

/**
 * Where that is allowed, once more in a mount namespace of its own, so that the small disk is seen by
 * nobody else and goes with the process, however that ends. The exit code of that run.
 */
async function runAlone(): Promise<number | undefined> {
  if (process.getuid?.() !== 0 || process.env['CART_FAULTS_ALONE'] !== undefined) return undefined
  const command = ['--mount', process.execPath, ...process.argv.slice(1)]
  const env = { ...process.env, CART_FAULTS_ALONE: 'yes' }
  const child = spawn('unshare', command, { stdio: 'inherit', env })
  process.once('exit', () => void child.kill())
  try {
    await once(child, 'exit')
    return child.exitCode ?? 1
  } catch {
    return undefined
  }
}

/**
 * Those of `--beside` run at the same time as the others, in a process of their own: the load of the one
 * must not wait for the checker of the other. Meant for what mostly waits, such as `long-outage`.
 */
async function runTracks(): Promise<number> {
  const chosen = chooseScenarios(values.only)
  const besides = values.beside === undefined ? [] : chooseScenarios(values.beside)
  const beside = besides.length === 0 ? undefined : runBeside(besides)
  const isTrue = await runAll(chosen.filter((scenario) => !besides.includes(scenario)))
  if (beside === undefined) return isTrue ? 0 : 1
  const { output, code } = await beside
  print(`\n── beside the others:\n${output}`)
  return isTrue && code === 0 ? 0 : 1
}

async function runBeside(
  scenarios: readonly Scenario[],
): Promise<{ readonly output: string; readonly code: number | null }> {
  const args = ['--only', scenarios.map(({ name }) => name).join(), '--seed', String(seed)]
  if (minutes !== undefined) args.push('--minutes', String(minutes))
  if (values.short) args.push('--short')
  if (values.secured) args.push('--secured')
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  process.once('exit', () => void child.kill())
  const [output] = await Promise.all([readText(child.stdout), once(child, 'close')])
  return { output, code: child.exitCode }
}

function chooseScenarios(only: string | undefined): readonly Scenario[] {
  if (only === undefined) return SCENARIOS
  return only.split(',').map((name) => {
    const found = SCENARIOS.find((scenario) => scenario.name === name)
    if (found === undefined) throw new Error(`no scenario ${name}; --list shows them`)
    return found
  })
}

async function runAll(scenarios: readonly Scenario[]): Promise<boolean> {
  const reports = new Map<string, Report>()
  let hasFailed = false
  await using registry = await FakeRegistry.start()
  for (const scenario of scenarios) {
    const access = values.secured ? ', TLS and SCRAM' : ''
    print(`\n── ${scenario.name}: ${scenario.about} (seed ${seed}${access})`)
    const startMs = performance.now()
    try {
      const report = await runOne(scenario, registry.url)
      reports.set(scenario.name, report)
      printReport(scenario, report)
      print(`   took ${((performance.now() - startMs) / 1_000).toFixed(0)} s`)
      if (report.violations.length + report.late.length > 0) hasFailed = true
    } catch (error) {
      hasFailed = true
      print(`   failed with seed ${seed}: ${error instanceof Error ? error.stack : String(error)}`)
    }
  }
  print(`\n${formatReports(reports)}\n\nseed ${seed}`)
  return !hasFailed
}

/** Each on a cluster of its own: what one did to its brokers is not found by the next. */
async function runOne(scenario: Scenario, registryUrl: string): Promise<Report> {
  const cluster = await startTestCluster(scenario.brokers, { isSecured: values.secured })
  try {
    return await runScenario(scenario, {
      cluster,
      registryUrl,
      seed,
      size: values.short ? 'short' : 'full',
      minutes,
      progress: (line) => print(`   ${line}`),
    })
  } finally {
    await cluster.close()
  }
}

function printReport({ name }: Scenario, report: Report): void {
  for (const note of report.notes) print(`   ${note}`)
  for (const late of report.late) print(`   late: ${late}`)
  print(formatReports(new Map([[name, report]])))
  for (const { invariant, orderId, text } of report.violations.slice(0, 10)) {
    print(`   ${invariant} ${orderId} ${text}`)
  }
  if (report.story !== undefined) print(`\nseed ${seed}, first violation:\n${report.story}`)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
