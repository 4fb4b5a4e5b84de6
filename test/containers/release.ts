import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { stringify } from 'yaml'
import { findFreePort } from '../../dev-services/ports.ts'
import { until } from '../support/until.ts'
import { IMAGE } from './build-image.ts'
import { parseManifests, renderChart, type Manifest } from './chart.ts'
import { podman, succeeds } from './podman.ts'

/**
 * A release of the chart whose workload podman runs, as a node of Kubernetes would: `podman play kube`
 * knows Deployments, Pods, volume claims. A StatefulSet is not among them, so its pod and its claim are
 * handed over as they stand in it. Probes and `preStop` are not acted on.
 */
export interface Release {
  readonly url: string
  /** Starts it, or replaces what runs: its pod gets SIGTERM, and its grace. */
  apply(settings?: Readonly<Record<string, string>>): Promise<void>
  /** As `kubectl rollout restart` does. */
  restart(): Promise<void>
  /** In its container. */
  exec(...command: string[]): Promise<string>
  /** Ends the pod; resolves with how its container ended. The volume stays. */
  stop(): Promise<number>
  output(): Promise<string>
}

interface PodSpec {
  readonly containers: ReadonlyArray<Readonly<Record<string, unknown>>>
  readonly volumes: ReadonlyArray<Readonly<Record<string, unknown>>>
}

interface PodTemplate {
  readonly metadata: object
  readonly spec: PodSpec
}

const [REPOSITORY, TAG] = IMAGE.split(/:(?=[^:]*$)/u)

export async function createRelease(
  t: TestContext,
  name: string,
  kind: 'postgres' | 'sqlite',
  settings: Readonly<Record<string, string>>,
): Promise<Release> {
  const port = await findFreePort()
  const folder = await mkdtemp(join(tmpdir(), 'cart-service-release-'))
  const file = join(folder, 'workload.yaml')
  const url = `http://127.0.0.1:${port}`
  let workload: readonly Manifest[] = []
  let isRunning = false

  async function render(more: Readonly<Record<string, string>>): Promise<void> {
    const text = await renderChart(name, {
      set: {
        'store.kind': kind,
        'image.repository': REPOSITORY ?? '',
        'image.tag': TAG ?? '',
        'image.pullPolicy': 'Never',
        containerPort: String(port),
        // In the network of the machine a second pod has no port.
        replicas: '1',
      },
      settings: { ...settings, ...more },
    })
    workload = parseManifests(text).flatMap(toRunnable)
  }

  /** A claim that has its volume keeps it; podman would make it again. */
  async function writeWorkload(): Promise<void> {
    const texts: string[] = []
    for (const manifest of workload) {
      const { metadata } = manifest
      const isClaimed =
        manifest.kind === 'PersistentVolumeClaim' &&
        (await succeeds(podman('volume', 'exists', metadata.name)))
      if (!isClaimed) texts.push(stringify(manifest))
    }
    await writeFile(file, texts.join('---\n'))
  }

  async function podId(): Promise<string> {
    const pods = await podman('pod', 'ps', '--quiet', '--no-trunc', `--filter=name=^${name}`)
    const [id] = pods.split('\n')
    if (id === undefined || id === '') throw new Error(`no pod of ${name} runs`)
    return id
  }

  async function containerId(): Promise<string> {
    const format = '--format={{.ID}}'
    const filters = [`--filter=pod=${await podId()}`, `--filter=ancestor=${IMAGE}`]
    return podman('ps', '--all', format, ...filters)
  }

  async function run(): Promise<void> {
    await writeWorkload()
    await podman('play', 'kube', '--network=host', ...(isRunning ? ['--replace'] : []), file)
    isRunning = true
    await until(
      async () => (await fetch(`${url}/health/ready`)).ok,
      `the release ${name} is ready`,
    ).catch(async (error: Error) => {
      throw new Error(`${error.message}; it wrote:\n${await output()}`, { cause: error })
    })
  }

  async function output(): Promise<string> {
    return podman('logs', await containerId())
  }

  t.after(async () => {
    if (isRunning) await podman('play', 'kube', '--down', file)
    await rm(folder, { recursive: true, force: true })
  })
  return {
    url,
    output,
    async apply(more = {}) {
      await render(more)
      await run()
    },
    restart: run,
    exec: async (...command) => podman('exec', await containerId(), ...command),
    async stop() {
      const id = await containerId()
      await podman('pod', 'stop', await podId())
      return Number(await podman('inspect', '--format={{.State.ExitCode}}', id))
    },
  }
}

/** The network of the machine has all ports, and podman refuses to open some of them once more. */
function onHostNetwork({ metadata, spec }: PodTemplate): PodTemplate {
  const containers = spec.containers.map(({ ports: _ports, ...container }) => container)
  return { metadata, spec: { ...spec, containers } }
}

function toRunnable(manifest: Manifest): Manifest[] {
  const { name } = manifest.metadata
  const { volumeClaimTemplates = [], ...workload } = manifest.spec as {
    readonly template: PodTemplate
    readonly volumeClaimTemplates?: ReadonlyArray<{
      readonly metadata: { readonly name: string }
      readonly spec: Manifest['spec']
    }>
  }
  if (manifest.kind !== 'Deployment' && manifest.kind !== 'StatefulSet') return []
  const template = onHostNetwork(workload.template)
  if (manifest.kind === 'Deployment') return [{ ...manifest, spec: { ...workload, template } }]
  const claims = volumeClaimTemplates.map(({ metadata, spec }) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: `${metadata.name}-${name}-0` },
    spec,
  }))
  const volumes = volumeClaimTemplates.map(({ metadata }) => ({
    name: metadata.name,
    persistentVolumeClaim: { claimName: `${metadata.name}-${name}-0` },
  }))
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...template.metadata, name: `${name}-0` },
    spec: { ...template.spec, volumes: [...template.spec.volumes, ...volumes] },
  }
  return [...claims, pod]
}
