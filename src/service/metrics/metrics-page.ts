/**
 * What a scrape gets. Our own metrics are read from plain numbers at that moment; those of Node.js are
 * the library's. It also writes both formats.
 */
import {
  collectDefaultMetrics,
  Registry,
  type Metric,
  type RegistryContentType,
} from '@prometheus-io/client'
import type { Clock } from '../../business/ports.ts'
import { METRICS, type MetricKind, type MetricSources, type Sample } from './metric-table.ts'

/** However many ask, the numbers are read once in this time. */
const SHARED_MS = 1_000

export type MetricsFormat = 'openmetrics' | 'text'

export interface MetricsText {
  readonly contentType: string
  readonly text: string
}

/** Writes what there is to tell now. Never rejects but by a bug. */
export type WriteMetrics = (format: MetricsFormat) => Promise<MetricsText>

const CONTENT_TYPES: Readonly<Record<MetricsFormat, RegistryContentType>> = {
  openmetrics: Registry.OPENMETRICS_CONTENT_TYPE,
  text: Registry.PROMETHEUS_CONTENT_TYPE,
}

export function createMetricsPage(
  sources: MetricSources,
  clock: Pick<Clock, 'monotonicMs'>,
): WriteMetrics {
  const registries = new Map<MetricsFormat, Registry>()
  const shared = new Map<MetricsFormat, { untilMs: number; text: Promise<MetricsText> }>()

  async function write(format: MetricsFormat): Promise<MetricsText> {
    // Only now: a process that nobody scrapes measures nothing of Node.js.
    const registry = registries.get(format) ?? createRegistry(format, sources)
    registries.set(format, registry)
    return { contentType: registry.contentType, text: await registry.metrics() }
  }

  return (format) => {
    const nowMs = clock.monotonicMs()
    const latest = shared.get(format)
    if (latest !== undefined && nowMs < latest.untilMs) return latest.text
    const text = write(format)
    shared.set(format, { untilMs: nowMs + SHARED_MS, text })
    return text
  }
}

/** The names of the metrics that the library has of Node.js and of the process, with their meanings. */
export function listNodeMetrics(): ReadonlyArray<{
  readonly name: string
  readonly help: string
  readonly type: string
}> {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return registry.getMetricsAsArray().map(({ name, help, type }) => ({ name, help, type }))
}

function createRegistry(format: MetricsFormat, sources: MetricSources): Registry {
  const registry = new Registry(CONTENT_TYPES[format])
  for (const kind of METRICS) registry.registerMetric(toMetric(kind, sources))
  collectDefaultMetrics({ register: registry })
  return registry
}

interface Value {
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
  readonly metricName?: string
  readonly exemplar?: {
    readonly labelSet: object
    readonly value: number
    readonly timestamp: number
  }
}

/** In the form that the library asks of what it has collected elsewhere (`Registry.aggregate`). */
function toMetric(kind: MetricKind, sources: MetricSources): Metric {
  const { type, help } = kind
  const metric = {
    /** For OpenMetrics the library takes the `_total` from it. */
    name: kind.name as string,
    type,
    help,
    aggregator: 'sum',
    get: () =>
      Promise.resolve({
        name: metric.name,
        type,
        help,
        aggregator: 'sum',
        values: kind.read(sources).flatMap((sample) => toValues(kind, sample)),
      }),
  }
  return metric as unknown as Metric
}

function toValues(
  { name, labels: names }: MetricKind,
  { labels, value }: Sample,
): readonly Value[] {
  const named = Object.fromEntries(labels.map((label, index) => [names[index] ?? '', label]))
  if (typeof value === 'number') return [{ labels: named, value }]
  let count = 0
  const buckets = value.counts.map((inBucket, index): Value => {
    count += inBucket
    const exemplar = value.exemplars[index]
    return {
      metricName: `${name}_bucket`,
      labels: { le: value.bounds[index] ?? '+Inf', ...named },
      value: count,
      ...(exemplar && {
        exemplar: {
          labelSet: { trace_id: exemplar.traceId },
          value: exemplar.seconds,
          timestamp: exemplar.at,
        },
      }),
    }
  })
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels: named, value: value.sumSeconds },
    { metricName: `${name}_count`, labels: named, value: count },
  ]
}
