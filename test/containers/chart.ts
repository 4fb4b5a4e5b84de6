import { existsSync, mkdirSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseAllDocuments } from 'yaml'
import { ROOT, runTool, succeeds } from './podman.ts'

/** The chart as Helm renders it, and what Kubernetes says of that. */

export const CHART = join(ROOT, 'deploy', 'chart')

/** The newest whose schemas are checked; Helm, built by `go install`, would take an old one. */
const KUBERNETES_VERSION = '1.37'
/** The oldest that the chart is for, and has schemas. */
const KUBERNETES_VERSION_MIN = '1.27'

const HELM_PACKAGE = 'helm.sh/helm/v3/cmd/helm@v3.22.0'
const VALIDATOR_PACKAGE = 'kubernetes-validate==1.37.0'

export interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly spec: Readonly<Record<string, unknown>>
}

/** Values by their paths; settings of the service are given by theirs. */
export interface ChartValues {
  readonly set?: Readonly<Record<string, string>>
  readonly settings?: Readonly<Record<string, string>>
  /** Values that are the text of a file of the repository. */
  readonly files?: Readonly<Record<string, string>>
}

/** Helm of this machine, or one that is built once. */
async function findHelm(): Promise<string> {
  if (await succeeds(runTool('helm', ['version']))) return 'helm'
  const folder = join(ROOT, '.dev', 'bin')
  const helm = join(folder, 'helm')
  if (existsSync(helm)) return helm
  mkdirSync(folder, { recursive: true })
  await runTool('go', ['install', HELM_PACKAGE], { env: { ...process.env, GOBIN: folder } })
  return helm
}

/** In an environment of its own, made once. */
async function findValidator(): Promise<string> {
  const folder = join(ROOT, '.dev', 'kubernetes-validate')
  const validator = join(folder, 'bin', 'kubernetes-validate')
  if (existsSync(validator)) return validator
  await runTool('python3', ['-m', 'venv', folder])
  await runTool(join(folder, 'bin', 'pip'), ['install', '--quiet', VALIDATOR_PACKAGE])
  return validator
}

export async function lintChart(values: ChartValues): Promise<string> {
  return runTool(await findHelm(), ['lint', '--strict', CHART, ...argumentsOf(values)])
}

/** What `helm install` would send, as text. Rejects with what is wrong with the values. */
export async function renderChart(release: string, values: ChartValues): Promise<string> {
  const version = ['--kube-version', KUBERNETES_VERSION]
  const args = ['template', release, CHART, ...version, ...argumentsOf(values)]
  return runTool(await findHelm(), args)
}

export function parseManifests(text: string): Manifest[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null)
}

/** By the schemas of Kubernetes, with no field beside theirs. Resolves with the kinds that it checked. */
export async function validateManifests(text: string): Promise<string[]> {
  const validator = await findValidator()
  const folder = await mkdtemp(join(tmpdir(), 'cart-service-chart-'))
  try {
    const path = join(folder, 'manifests.yaml')
    await writeFile(path, text)
    for (const version of [KUBERNETES_VERSION_MIN, KUBERNETES_VERSION]) {
      await runTool(validator, ['--strict', '--quiet', '-k', version, path])
    }
    // It says a line of each on stderr.
    const said = await runTool('sh', ['-c', `${validator} --strict ${path} 2>&1`])
    return [...said.matchAll(/passed for resource (\w+)\//gu)].map((match) => match[1] ?? '')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function argumentsOf({ set = {}, settings = {}, files = {} }: ChartValues): string[] {
  return [
    ...Object.entries(files).flatMap(([path, file]) => [
      '--set-file',
      `${path}=${join(ROOT, file)}`,
    ]),
    ...Object.entries(set).flatMap(([path, value]) => ['--set', `${path}=${value}`]),
    ...Object.entries(settings).flatMap(([name, value]) => [
      '--set-string',
      `settings.${name}=${value.replaceAll(/[,\\]/gu, String.raw`\$&`)}`,
    ]),
  ]
}
