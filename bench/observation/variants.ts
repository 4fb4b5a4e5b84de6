import { randomUUID } from 'node:crypto'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { startService } from '../../test/support/service-process.ts'
import { serviceSettings } from '../orders/target.ts'
import type { Profile } from './share-of.ts'

/** The services that are compared. */

const PROFILER = new URL('profiler.ts', import.meta.url).href
const WITHOUT_METRICS = new URL('without-metrics.ts', import.meta.url).href
const WITHOUT_DOOR = new URL('without-door.ts', import.meta.url).href
const TRACING = new URL('../../examples/tracing/tracing.ts', import.meta.url).href

const PARTITIONS = 3

export interface Variant {
  readonly name: string
  readonly imports: readonly string[]
  /** Of the traces. */
  readonly share?: string
}

/** The first one is what the others are compared with. */
export const VARIANTS: readonly Variant[] = [
  { name: 'as it is', imports: [] },
  { name: 'without metrics', imports: [WITHOUT_METRICS] },
  { name: 'without the door', imports: [WITHOUT_DOOR] },
  { name: 'SDK, no trace kept', imports: [TRACING], share: '0' },
  { name: 'SDK, 5 % kept', imports: [TRACING], share: '0.05' },
]

export interface RunningVariant extends AsyncDisposable {
  readonly url: string
  readonly pid: number
  readonly profile: {
    begin(): Promise<void>
    end(): Promise<{ readonly profile: Profile; readonly allocatedBytes: number }>
  }
}

/** On SQLite, on a topic of its own. */
export async function startVariant(
  { imports, share }: Variant,
  folder: string,
  receiverUrl: string,
): Promise<RunningVariant> {
  const path = join(folder, `${randomUUID().slice(0, 8)}.profile`)
  const service = await startService(
    {
      ...serviceSettings(`sqlite:${join(folder, `${randomUUID()}.db`)}`, PARTITIONS),
      CART_PROFILER_PATH: path,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiverUrl,
      ...(share !== undefined && { OTEL_TRACES_SAMPLER_ARG: share }),
    },
    { imports: [PROFILER, ...imports] },
  )
  return {
    url: service.url,
    pid: service.pid,
    profile: {
      begin: async () => void (await text(connect(path))),
      end: async () =>
        JSON.parse(await text(connect(path))) as { profile: Profile; allocatedBytes: number },
    },
    [Symbol.asyncDispose]: async () => void (await service.end('SIGTERM')),
  }
}
