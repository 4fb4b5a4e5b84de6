import { spawnSync } from 'node:child_process'
import process from 'node:process'
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
    seed: { type: 'string' },
    minutes: { type: 'string' },
    short: { type: 'boolean', default: false },
  },
})

// Services and brokers end with this process; so it has to end by itself.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
const minutes = values.minutes === undefined ? undefined : Number(values.minutes)

if (values.list) {
  listScenarios()
} else {
  process.exitCode = runAlone() ?? ((await runAll(chooseScenarios(values.only))) ? 0 : 1)
}

function listScenarios(): void {
  for (const { name, about } of SCENARIOS) process.stdout.write(`${name.padEnd(24)} ${about}\n`)
}

/**
 * Where that is allowed, once more in a mount namespace of its own, so that the small disk is seen by
 * nobody else and goes with the process, however that ends. The exit code of that run.
 */
function runAlone(): number | undefined {
  if (process.getuid?.() !== 0 || process.env['CART_FAULTS_ALONE'] !== undefined) return undefined
  const command = ['--mount', process.execPath, ...process.argv.slice(1)]
  const env = { ...process.env, CART_FAULTS_ALONE: 'yes' }
  const { status, error } = spawnSync('unshare', command, { stdio: 'inherit', env })
  return error === undefined ? (status ?? 1) : undefined
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
    print(`\n── ${scenario.name}: ${scenario.about} (seed ${seed})`)
    try {
      const report = await runOne(scenario, registry.url)
      reports.set(scenario.name, report)
      printReport(scenario, report)
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
  const cluster = await startTestCluster(scenario.brokers)
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
