import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { findFreePort } from '../../dev-services/ports.ts'
import { startSupervised } from '../../dev-services/supervised-process.ts'
import { until } from '../../test/support/until.ts'

/** A real Prometheus with the rules of this repository (Debian: the package `prometheus`). */

const PROMETHEUS = process.env['PROMETHEUS'] ?? 'prometheus'

const RULES = new URL('../../deploy/observability/cart-rules.yaml', import.meta.url).pathname

/** A short story has many points. */
export const SCRAPE_SECONDS = 1

const KILL_AFTER_MS = 10_000

export interface Series {
  readonly labels: Readonly<Record<string, string>>
  /** Seconds since 1970, and what was there then. */
  readonly points: ReadonlyArray<readonly [number, number]>
}

export interface Prometheus extends AsyncDisposable {
  query(expr: string, from: number, to: number): Promise<readonly Series[]>
}

interface Answer {
  readonly error?: string
  readonly data: {
    readonly result: ReadonlyArray<{
      readonly metric: Readonly<Record<string, string>>
      readonly values: ReadonlyArray<readonly [number, string]>
    }>
  }
}

/** `targets`: addresses by the names of the instances. */
export async function startPrometheus(
  targets: Readonly<Record<string, string>>,
): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'cart-service-prometheus-'))
  const settings = {
    global: { scrape_interval: `${SCRAPE_SECONDS}s`, evaluation_interval: `${SCRAPE_SECONDS}s` },
    rule_files: [RULES],
    scrape_configs: [
      {
        job_name: 'cart-service',
        static_configs: Object.entries(targets).map(([instance, address]) => ({
          targets: [address],
          labels: { instance },
        })),
      },
    ],
  }
  // What is JSON is YAML.
  await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(settings))
  const port = await findFreePort()
  const server = await startSupervised({
    command: PROMETHEUS,
    args: [
      `--config.file=${folder}/prometheus.yml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--enable-feature=exemplar-storage',
      '--log.level=warn',
    ],
    output: { file: join(folder, 'prometheus.log') },
    killAfterMs: KILL_AFTER_MS,
  })
  const url = `http://127.0.0.1:${port}`
  await until(async () => (await fetch(`${url}/-/ready`)).ok, 'Prometheus is ready')
  return {
    query: (expr, from, to) => query(url, expr, from, to),
    async [Symbol.asyncDispose]() {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function query(
  url: string,
  expr: string,
  from: number,
  to: number,
): Promise<readonly Series[]> {
  const body = new URLSearchParams({
    query: expr,
    start: String(from),
    end: String(to),
    step: String(SCRAPE_SECONDS),
  })
  const answer = await fetch(`${url}/api/v1/query_range`, { method: 'POST', body })
  const { data, error } = (await answer.json()) as Answer
  if (error !== undefined) throw new Error(`${expr}: ${error}`)
  return data.result.map(({ metric, values }) => ({
    labels: metric,
    points: values.map(([at, value]) => [at, Number(value)] as const),
  }))
}
