import { setTimeout } from 'node:timers/promises'
import { FakeRegistry, type Interference } from '../../support/fake-registry.ts'
import { until } from '../../support/until.ts'
import { Cart } from '../harness/cart.ts'
import { mergeReports, type Report } from '../harness/report.ts'
import type { Scenario, ScenarioContext } from '../harness/scenario.ts'

/** What a registry may do instead of its work; undefined: it refuses connections. */
const FAILURES: ReadonlyArray<readonly [name: string, failure: Interference | undefined]> = [
  ['down', undefined],
  ['500', { kind: 'answer', status: 500, body: '{"error_code":50001,"message":"broken"}' }],
  ['silent', { kind: 'silence' }],
  ['hangs up', { kind: 'hang-up' }],
  ['garbage', { kind: 'answer', status: 200, body: '<html>{"id":"7"' }],
  ['401', { kind: 'answer', status: 401, body: '{"error_code":401,"message":"who?"}' }],
  [
    'redirect',
    { kind: 'answer', status: 302, headers: { location: 'http://169.254.169.254/latest' } },
  ],
]

/** Long enough for a few attempts of the service. */
const FAILING_MS = 4_000

async function fail(registry: FakeRegistry, failure: Interference | undefined): Promise<void> {
  if (failure === undefined) await registry.stop()
  else registry.interfere(failure)
}

async function recover(registry: FakeRegistry, failure: Interference | undefined): Promise<void> {
  if (failure === undefined) await registry.resume()
  else registry.recover()
}

/** Nothing is known of the schema: every change is a definite "no", until the registry works. */
async function runCold(
  context: ScenarioContext,
  name: string,
  failure: Interference | undefined,
): Promise<Report> {
  await using registry = await FakeRegistry.start()
  const settings = { SCHEMA_REGISTRY_URL: registry.url }
  await using cart = await Cart.start(context, { settings, isStarted: false })
  cart.journal.noteFault(`registry: ${name}`)
  await fail(registry, failure)
  await cart.service.spawn()
  await until(
    async () => (await fetch(`${cart.service.url}/health/live`)).ok,
    'the service listens',
  )
  cart.startLoad()
  await setTimeout(FAILING_MS)
  await recover(registry, failure)
  cart.journal.noteFault('registry: works')
  await cart.service.untilReady()
  await cart.runWell()
  const report = await cart.finish()
  if (report.replies.notApplied === 0) throw new Error('the fault was never met')
  return report
}

const registryCold: Scenario = {
  name: 'registry-cold',
  about: 'a service that knows no schema id starts while the registry fails, in seven ways',
  brokers: 1,
  async run(context) {
    const reports: Report[] = []
    for (const [name, failure] of FAILURES) {
      reports.push(await runCold(context, name, failure))
      context.progress(name)
    }
    return mergeReports(reports)
  },
}

const registryWarm: Scenario = {
  name: 'registry-warm',
  about:
    'the registry fails under load and over a restart, in seven ways, when the schema id is known',
  brokers: 1,
  async run(context) {
    await using registry = await FakeRegistry.start()
    await using cart = await Cart.start(context, {
      settings: { SCHEMA_REGISTRY_URL: registry.url },
    })
    for (const [name, failure] of FAILURES) {
      cart.journal.noteFault(`registry: ${name}`)
      await fail(registry, failure)
      await setTimeout(FAILING_MS)
      await cart.service.kill()
      await cart.service.start()
      await cart.runWell()
      await recover(registry, failure)
      cart.journal.noteFault('registry: works')
      context.progress(name)
    }
    await cart.untilSettled()
    return await cart.finish()
  },
}

export const REGISTRY_FAULTS = [registryCold, registryWarm]
