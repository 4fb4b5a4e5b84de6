import type { LoadCase, LoadPart, TargetShape } from './cases.ts'
import { prepareLoad, runLoad, type LoadFigures } from './load.ts'
import {
  familyMicros,
  mainThreadMicros,
  processMicros,
  residentBytes,
  writtenBytes,
} from './process-usage.ts'
import type { Servers } from './servers.ts'
import { startTarget, type Target } from './target.ts'

/** What has grown between two readings. Where something is not part of it, or not ours to see: 0. */
interface Counters {
  readonly mainMicros: number
  readonly otherMicros: number
  readonly kafkaMicros: number
  readonly postgresMicros: number
  readonly writtenBytes: number
  readonly walBytes: number
  readonly allocatedBytes: number
}

/** One round. The counters are for each order that was answered. */
export interface Figures extends Omit<LoadFigures, 'cpuMicros'>, Counters {
  readonly loadMicros: number
  readonly allMicros: number
  /** Of the service at the end of the round. */
  readonly residentBytes: number
}

export interface Row {
  readonly target: TargetShape
  readonly load: LoadCase
  readonly rounds: readonly Figures[]
}

export interface Pace {
  readonly rounds: number
  readonly seconds: number
}

const WARM_UP_S = 5

/** Each case in rounds, in each of which all targets have their turn. */
export async function measurePart(
  part: LoadPart,
  { rounds, seconds }: Pace,
  servers: Servers,
  folder: string,
): Promise<readonly Row[]> {
  await using running = new AsyncDisposableStack()
  const targets: Target[] = []
  for (const shape of part.targets) targets.push(running.use(await startTarget(shape, folder)))
  const rows: Row[] = []
  for (const load of part.cases) {
    const found = targets.map(({ shape }) => ({
      target: shape,
      load,
      rounds: new Array<Figures>(),
    }))
    for (const { url } of targets) await runLoad({ ...load, url, seconds: WARM_UP_S })
    for (let round = 0; round < rounds; round += 1) {
      for (const [index, target] of targets.entries()) {
        found[index]?.rounds.push(await measureOnce(target, load, seconds, servers))
      }
    }
    rows.push(...found)
  }
  return rows
}

async function measureOnce(
  target: Target,
  load: LoadCase,
  seconds: number,
  servers: Servers,
): Promise<Figures> {
  const prepared = await prepareLoad({ ...load, url: target.url, seconds })
  const before = await readCounters(target, servers)
  const { cpuMicros, ...figures } = await prepared.run()
  const after = await readCounters(target, servers)
  const grown = perOrder(before, after, figures.answered)
  const { mainMicros, otherMicros, kafkaMicros, postgresMicros } = grown
  const loadMicros = cpuMicros / figures.answered
  return {
    ...figures,
    ...grown,
    loadMicros,
    allMicros: mainMicros + otherMicros + kafkaMicros + postgresMicros + loadMicros,
    residentBytes: await residentBytes(target.pid),
  }
}

async function readCounters(
  { shape, pid, allocatedBytes }: Target,
  { kafkaPid, postgresPid, walBytes }: Servers,
): Promise<Counters> {
  const hasKafka = shape.store !== 'none'
  const hasPostgres = shape.store === 'postgres'
  const mainMicros = await mainThreadMicros(pid)
  return {
    mainMicros,
    otherMicros: (await processMicros(pid)) - mainMicros,
    kafkaMicros: hasKafka && kafkaPid !== undefined ? await processMicros(kafkaPid) : 0,
    postgresMicros: hasPostgres && postgresPid !== undefined ? await familyMicros(postgresPid) : 0,
    writtenBytes: await writtenBytes(pid),
    walBytes: hasPostgres ? await walBytes() : 0,
    allocatedBytes: await allocatedBytes(),
  }
}

function perOrder(before: Counters, after: Counters, orders: number): Counters {
  const names = Object.keys(before) as (keyof Counters)[]
  return Object.fromEntries(
    names.map((name) => [name, (after[name] - before[name]) / orders]),
  ) as unknown as Counters
}
