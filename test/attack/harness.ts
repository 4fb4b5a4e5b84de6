import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freshSettings, type Settings } from '../support/own-service.ts'
import { createTestSchema } from '../support/postgres-schema.ts'
import {
  startService,
  type ServiceOptions,
  type ServiceProcess,
} from '../support/service-process.ts'
import { until } from '../support/until.ts'
import { LivenessWatch, PeakWatch, type Liveness } from './measures.ts'

export type StoreKind = 'sqlite' | 'postgres'

/** Of the service under attack, and of every tool. */
const HEAP_MEGABYTES = 512

/** What a process may hold at any time: its heap, buffers, threads and code. */
export const RESIDENT_MEGABYTES_MAX = 768

/** On a machine that the attack loads as well. */
export const LIVE_WITHIN_MS = 2_000

/** After an attack an order is created again within this time. */
const RECOVERED_WITHIN_MS = 30_000

const ATTACK_MS_MAX = 300_000

export const SMALL_HEAP = { NODE_OPTIONS: `--max-old-space-size=${HEAP_MEGABYTES}` }

/** What an attack says of itself; the rest is seen from outside. */
export interface Findings {
  readonly sent: string
  readonly cameBack: string
  /** What is against a promise: one sentence each. */
  readonly faults: readonly string[]
  /** Of other processes than the service: tools that were attacked. */
  readonly peakMegabytes?: number
}

export interface Attack {
  readonly name: string
  readonly about: string
  /** It is of use on one store alone, or has nothing to do with the store. */
  readonly stores?: readonly StoreKind[]
  run(place: Place): Promise<Findings>
}

/** The service under attack. */
export interface Target extends ServiceProcess {
  readonly port: number
  /** Open files, at most, so far. */
  readonly filesMax: () => number
}

/** Servers, a topic and a store of one attack's own. */
export interface Place {
  readonly store: StoreKind
  /** `short`: the same in small, for every run of the tests. */
  readonly size: 'short' | 'full'
  readonly settings: Settings
  readonly resources: AsyncDisposableStack
  /** Starts the service with a small heap, ready for changes; it is watched until it ends. */
  start(settings?: Settings, options?: ServiceOptions): Promise<Target>
}

export interface Row extends Findings {
  readonly attack: string
  readonly store: StoreKind
  readonly isAlive: boolean
  readonly liveness: Liveness | undefined
  readonly peakMegabytes: number
}

interface Watched {
  readonly target: Target
  readonly peak: PeakWatch
  readonly live: LivenessWatch
}

export async function playAttack(
  attack: Attack,
  store: StoreKind,
  size: Place['size'] = 'full',
): Promise<Row> {
  await using resources = new AsyncDisposableStack()
  const settings = { ...freshSettings(await openStore(store, resources)), LOG_LEVEL: 'warn' }
  const started: Watched[] = []
  const place: Place = {
    store,
    size,
    settings,
    resources,
    async start(more = {}, options = {}) {
      const all = { ...settings, ...SMALL_HEAP, ...more }
      const watched = await startTarget(all, options, resources)
      started.push(watched)
      return watched.target
    },
  }
  const findings = await runBounded(attack, place)
  const last = started.at(-1)
  const liveness = await last?.live.read()
  const faults = last === undefined ? [] : await examine(last.target)
  const peaks = started.map(({ peak }) => peak.megabytes)
  return {
    ...findings,
    attack: attack.name,
    store,
    isAlive: faults.length === 0,
    liveness,
    peakMegabytes: Math.max(findings.peakMegabytes ?? 0, ...peaks),
    faults: [...findings.faults, ...faults],
  }
}

/** What is against the promises that every attack has to leave whole. */
export function findBreaches({ liveness, peakMegabytes }: Row): string[] {
  return [
    ...(peakMegabytes > RESIDENT_MEGABYTES_MAX ? [`held ${peakMegabytes} MB of memory`] : []),
    ...(liveness !== undefined && liveness.slowestMs > LIVE_WITHIN_MS
      ? [`/health/live took ${liveness.slowestMs} ms`]
      : []),
    ...(liveness !== undefined && liveness.failed > 0
      ? [`/health/live failed ${liveness.failed} of ${liveness.asked} times`]
      : []),
  ]
}

async function openStore(store: StoreKind, resources: AsyncDisposableStack): Promise<string> {
  if (store === 'postgres') return resources.use(await createTestSchema()).url()
  const folder = await mkdtemp(join(tmpdir(), 'cart-service-attack-'))
  resources.defer(() => rm(folder, { recursive: true, force: true }))
  return `sqlite:${join(folder, 'cart.db')}`
}

async function startTarget(
  settings: Settings,
  options: ServiceOptions,
  resources: AsyncDisposableStack,
): Promise<Watched> {
  const service = await startService(settings, options)
  resources.defer(async () => void (await service.end('SIGKILL')))
  const peak = resources.use(new PeakWatch(service.pid))
  const live = resources.use(new LivenessWatch(service.url))
  const port = Number(new URL(service.url).port)
  return { target: { ...service, port, filesMax: () => peak.filesMax }, peak, live }
}

/** An attack that throws, or that does not end, is a fault as well. */
async function runBounded(attack: Attack, place: Place): Promise<Findings> {
  const bound = new AbortController()
  const late = delay(ATTACK_MS_MAX, undefined, { signal: bound.signal }).then(() => {
    throw new Error(`did not end within ${ATTACK_MS_MAX / 1_000} s`)
  })
  late.catch(() => {})
  try {
    return await Promise.race([attack.run(place), late])
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { sent: attack.about, cameBack: '', faults: [reason] }
  } finally {
    bound.abort()
  }
}

/** Of the service after the attack: it lives, works, and met no bug of ours. */
async function examine(target: Target): Promise<string[]> {
  const end = await Promise.race([target.exited, delay(0)])
  if (end !== undefined) {
    return [`the service ended with ${end.code ?? end.signal}: ${target.output().slice(-500)}`]
  }
  const bug = /^.*"level":(?:50|60).*$/mu.exec(target.output())?.[0]
  const recovered = until(
    async () => (await createOrder(target.url)) === 201,
    'an order is created again',
    RECOVERED_WITHIN_MS,
  )
  const failure = await recovered.then(
    () => undefined,
    (error: Error) => error.message,
  )
  return [
    ...(failure === undefined ? [] : [failure]),
    ...(bug === undefined ? [] : [`logged ${bug.slice(0, 500)}`]),
  ]
}

async function createOrder(url: string): Promise<number> {
  const response = await fetch(`${url}/api/create-order`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ orderId: `AFTER-${crypto.randomUUID()}`, numItems: 1 }),
    signal: AbortSignal.timeout(10_000),
  })
  await response.body?.cancel()
  return response.status
}
