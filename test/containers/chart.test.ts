import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { parse } from 'yaml'
import packageJson from '../../package.json' with { type: 'json' }
import { check } from '../fault/harness/checker.ts'
import { observe } from '../fault/harness/observations.ts'
import { startOrderLoad } from '../fault/harness/order-load.ts'
import { createPostgresReader } from '../fault/harness/postgres-reader.ts'
import { tellStory } from '../fault/harness/story.ts'
import { freshSettings } from '../support/own-service.ts'
import { createTestSchema } from '../support/postgres-schema.ts'
import { until } from '../support/until.ts'
import { buildImage } from './build-image.ts'
import { CHART, lintChart, parseManifests, renderChart, validateManifests } from './chart.ts'
import { FORMS, kindsOf, manifestsOf, podsOf, REFUSED, RULES } from './chart-forms.ts'
import { assertMayNothing } from './may-nothing.ts'
import { podman, ROOT } from './podman.ts'
import { createRelease } from './release.ts'

const run = promisify(execFile)

const CONFIRMED_TO_GO_ON = 200

/** Every minute of the long run that docs/performance.md tells of. */
const SOAK = 'bench/results/2026-11-28-soak.json'

for (const [name, values] of Object.entries(FORMS)) {
  test(`the chart of ${name} is what Helm and Kubernetes take`, async () => {
    await lintChart(values)
    const text = await renderChart('cart', values)
    const checked = await validateManifests(text)
    // These two belong to Prometheus' operator, and Kubernetes has no schema of them.
    const own = kindsOf(parseManifests(text)).filter((kind) => !/^(?:Serv.*M|Prom)/u.test(kind))
    assert.deepEqual(checked.toSorted(), own.map((kind) => kind.toLowerCase()).toSorted())
  })
}

test('the schema of the values refuses what would not work', async (t) => {
  for (const [name, values] of Object.entries(REFUSED)) {
    await t.test(name, () => assert.rejects(renderChart('cart', values), /- at '|--set-file/u))
  }
})

test('a manifest with a misspelt field is refused', async () => {
  const text = await renderChart('cart', FORMS['postgres'] ?? {})
  await assert.rejects(validateManifests(text.replace('replicas:', 'replica:')), {
    stdout: /replica/u,
  })
})

test('the parts of the chart are those that its store and its switches ask for', async () => {
  assert.deepEqual(kindsOf(await manifestsOf('postgres')), [
    'Deployment',
    'Pod',
    'PodDisruptionBudget',
    'Service',
  ])
  assert.deepEqual(kindsOf(await manifestsOf('postgres, with everything')), [
    'Deployment',
    'Job',
    'NetworkPolicy',
    'Pod',
    'PodDisruptionBudget',
    'PrometheusRule',
    'Service',
    'ServiceMonitor',
  ])
  assert.deepEqual(kindsOf(await manifestsOf('one of postgres')), ['Deployment', 'Pod', 'Service'])
  const sqlite = await manifestsOf('sqlite')
  assert.deepEqual(kindsOf(sqlite), ['Service', 'StatefulSet'])
  assert.equal(sqlite.find(({ kind }) => kind === 'StatefulSet')?.spec['replicas'], 1)
})

test('the rules of the chart are those that are tested', async () => {
  const manifests = await manifestsOf('postgres, with everything')
  const rule = manifests.find(({ kind }) => kind === 'PrometheusRule')
  assert.deepEqual(rule?.spec, parse(readFileSync(join(ROOT, RULES), 'utf8')))
})

test('every pod of the chart is nobody, may nothing, and writes nothing', async () => {
  for (const form of Object.keys(FORMS)) {
    const pods = podsOf(await manifestsOf(form))
    assert.ok(pods.length > 0)
    for (const pod of pods) {
      assert.equal(pod.automountServiceAccountToken, false)
      assert.deepEqual(pod.securityContext, {
        runAsNonRoot: true,
        runAsUser: 1000,
        runAsGroup: 1000,
        fsGroup: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      })
      for (const container of pod.containers) {
        assert.deepEqual(container.securityContext, {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        })
      }
    }
  }
})

/** Where each probe of the form's first pod asks. */
async function probedBy(form: string): Promise<readonly string[]> {
  const [pod] = podsOf(await manifestsOf(form)).filter(({ containers }) => containers[0]?.ports)
  const { ports = [], startupProbe, livenessProbe, readinessProbe } = pod?.containers[0] ?? {}
  return [startupProbe, livenessProbe, readinessProbe].map((probe) => {
    const { scheme = 'HTTP', port, path } = probe?.httpGet ?? assert.fail()
    const number = ports.find(({ name }) => name === port)?.containerPort
    return `${scheme} ${number} ${path}`
  })
}

test('probes ask by TLS where the service speaks it, and where no certificate is asked for', async () => {
  const paths = ['/health/live', '/health/live', '/health/ready']
  for (const [form, place] of [
    ['postgres', 'HTTP 8000'],
    ['postgres, with TLS of its own', 'HTTPS 8000'],
    ['postgres, that knows clients by certificates', 'HTTP 9000'],
  ] as const) {
    const expected = paths.map((path) => `${place} ${path}`)
    assert.deepEqual(await probedBy(form), expected, form)
  }
})

test('every pod of a service with TLS has the files that its settings name', async () => {
  const pods = podsOf(await manifestsOf('postgres, that knows clients by certificates'))
  assert.equal(pods.length, 3)
  for (const [container] of pods.map(({ containers }) => containers)) {
    const folders = container?.volumeMounts?.map(({ mountPath }) => mountPath) ?? []
    const files = (container?.env ?? []).filter(({ name }) => /^API_TLS_.+_FILE$/.test(name))
    assert.equal(files.length, 3)
    assert.deepEqual(
      files.filter(({ value }) => !folders.includes(dirname(value))),
      [],
    )
  }
})

test('the port for operators is no part of the Service that callers reach', async () => {
  const manifests = await manifestsOf('postgres, that knows clients by certificates')
  const portsOf = manifests
    .filter(({ kind }) => kind === 'Service')
    .map(({ metadata, spec }) => {
      const ports = spec['ports'] as { readonly name: string; readonly port: number }[]
      return [metadata.name, spec['type'], ports.map(({ name, port }) => `${name} ${port}`)]
    })
  assert.deepEqual(portsOf, [
    ['cart', 'ClusterIP', ['http 80']],
    ['cart-operators', 'ClusterIP', ['management 9000']],
  ])
  const monitor = manifests.find(({ kind }) => kind === 'ServiceMonitor')
  const endpoints = monitor?.spec['endpoints'] as { readonly port: string }[]
  assert.deepEqual(
    endpoints.map(({ port }) => port),
    ['management'],
  )
})

test('a pod of the chart is killed only after the service had its time to stop', async () => {
  const set = { existingSecret: 'd', preStopSeconds: '7', shutdownSeconds: '30' }
  const values = { set, settings: { API_AUTH: 'none' } }
  const [pod] = podsOf(parseManifests(await renderChart('cart', values)))
  const [container] = pod?.containers ?? []
  const timeout = container?.env.find(({ name }) => name === 'SHUTDOWN_TIMEOUT_MS')?.value
  assert.equal(timeout, '30000')
  assert.deepEqual(container?.lifecycle?.preStop.exec.command, ['sleep', '7'])
  assert.ok((pod?.terminationGracePeriodSeconds ?? 0) > 7 + 30)
})

const BYTES_PER_MEBIBYTE = 1_048_576

test('a pod asks for the memory that the service has under load', () => {
  const values = parse(readFileSync(join(CHART, 'values.yaml'), 'utf8')) as {
    readonly resources: { readonly requests: { readonly memory: string } }
  }
  const asked = Number.parseInt(values.resources.requests.memory, 10) * BYTES_PER_MEBIBYTE
  const soak = JSON.parse(readFileSync(join(ROOT, SOAK), 'utf8')) as {
    readonly found: { readonly windows: ReadonlyArray<{ readonly residentMb: number }> }
  }
  const most = Math.max(...soak.found.windows.map(({ residentMb }) => residentMb * 1_000_000))
  assert.ok(asked > most, `${asked} bytes are asked for, and ${most} were used`)
})

test('the chart has the version of the package', () => {
  const chart = parse(readFileSync(join(CHART, 'Chart.yaml'), 'utf8')) as { appVersion: string }
  assert.equal(chart.appVersion, packageJson.version)
})

test('the workload of the chart takes orders, is updated and restarted under load, and tells no lie', async (t) => {
  await buildImage()
  const schema = await createTestSchema()
  t.after(() => schema.drop())
  const settings = { ...freshSettings(schema.url()), API_AUTH: 'none' }
  const releases = [
    await createRelease(t, 'cart-a', 'postgres', settings),
    await createRelease(t, 'cart-b', 'postgres', settings),
  ]
  for (const release of releases) await release.apply()
  const load = startOrderLoad({
    urls: releases.map(({ url }) => url),
    sharedOrders: 200,
    pauseMs: 20,
  })
  t.after(() => load.stop())
  const runWell = async (): Promise<void> => {
    const enough = load.journal.confirmedCount + CONFIRMED_TO_GO_ON
    await until(() => load.journal.confirmedCount >= enough, 'more changes are confirmed')
  }
  await runWell()
  for (const release of releases) {
    await release.apply({ MAX_ITEMS_PER_ORDER: '50' })
    await runWell()
  }
  for (const release of releases) {
    await release.restart()
    await runWell()
  }
  await load.stop()
  const store = createPostgresReader(schema.url())
  await until(async () => (await store.pendingIds()).length === 0, 'nothing is pending')
  for (const release of releases) assert.equal(await release.stop(), 0, await release.output())

  const seen = await observe(settings.KAFKA_BOOTSTRAP_SERVERS, settings.KAFKA_TOPIC, store)
  const { violations } = check(load.journal, seen)
  const [first] = violations
  const story = first === undefined ? '' : tellStory(first, load.journal, seen)
  assert.deepEqual(violations, [], story)
  const cart = join(ROOT, 'src', 'cli', 'cart.ts')
  const { stdout } = await run(process.execPath, [cart, 'audit'], { env: { ...settings } })
  t.diagnostic(`${load.journal.entries.length} requests; ${stdout.trim()}`)
  assert.match(stdout, /^Topic and store agree: /u)
})

test('the pod of the chart with SQLite keeps its orders on its volume', async (t) => {
  await buildImage()
  const settings: Record<string, string> = { ...freshSettings(), API_AUTH: 'none' }
  delete settings['DATABASE_URL']
  const release = await createRelease(t, 'cart-c', 'sqlite', settings)
  t.after(() => podman('volume', 'rm', '--force', 'data-cart-c-0'))
  await release.apply()
  const created = await fetch(`${release.url}/api/create-order`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ orderId: 'ORD-1', numItems: 2 }),
  })
  assert.equal(created.status, 201)
  assertMayNothing(await release.exec('cat', '/proc/1/status'))
  await assert.rejects(release.exec('touch', '/app/file'), /Read-only file system/u)
  assert.equal(await release.stop(), 0)
  await release.restart()
  assert.equal((await fetch(`${release.url}/api/orders/ORD-1`)).status, 200)
})
