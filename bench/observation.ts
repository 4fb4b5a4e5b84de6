import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { globalSetup, globalTeardown } from '../test/support/global-setup.ts'
import { startOtlpReceiver } from '../test/support/otlp-receiver.ts'
import { ownShareOf, shareOf } from './observation/share-of.ts'
import {
  startVariant,
  VARIANTS,
  type RunningVariant,
  type Variant,
} from './observation/variants.ts'
import { usualCase } from './orders/cases.ts'
import { prepareLoad, runLoad } from './orders/load.ts'
import { mainThreadMicros, processMicros } from './orders/process-usage.ts'
import { markdownTable, median } from './orders/table.ts'

/**
 * What metrics, traces and the door cost of an order, for services that differ in that alone. In each of
 * many rounds all of them have their turn, as fast as they answer. Two measures, because on a machine that
 * does other work the first one is of no use: processor time, as a ratio within a round; and the share of
 * the main thread's time at work, by V8's profiler, that is spent in the files of each. Linux.
 *
 *   node bench/observation.ts --rounds 20 --seconds 4 --connections 64
 *   node bench/observation.ts --only "without the door"
 */

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '4' },
    connections: { type: 'string', default: '64' },
    /** Beside the first one, which the others are compared with. */
    only: { type: 'string' },
  },
})

/** So that what 5 % of the requests run through is compiled as well. */
const WARM_UP_S = 15

const METRICS = /\/measures\/|\/measured-session|\/metrics/u
const TRACES = /opentelemetry|\/tracing\/|\/trace-requests/u
const DOOR =
  /\/admission\/|\/allowed-hosts|\/close-in-order|\/readable-request|\/wire\/|\/bounded-reader/u

const PERCENT = 100
const BYTES_PER_KB = 1_000

interface Figures {
  /** µs an order. */
  readonly main: number
  readonly all: number
  readonly allocatedKb: number
  /** Of the main thread's time at work. */
  readonly metrics: number
  readonly traces: number
  readonly door: number
}

const variants = chooseVariants(values.only)
const load = { ...usualCase(Number(values.connections)), seconds: Number(values.seconds) }
await globalSetup()
const folder = await mkdtemp(join(tmpdir(), 'cart-service-bench-'))
try {
  await using resources = new AsyncDisposableStack()
  const receiver = resources.use(await startOtlpReceiver())
  const running: RunningVariant[] = []
  for (const variant of variants) {
    running.push(resources.use(await startVariant(variant, folder, receiver.url)))
  }
  for (const { url } of running) await runLoad({ ...load, url, seconds: WARM_UP_S })
  const rounds: Figures[][] = []
  for (let round = 0; round < Number(values.rounds); round += 1) {
    rounds.push(await measureRound(running, round))
  }
  process.stdout.write(`${report(rounds)}\n`)
} finally {
  await rm(folder, { recursive: true, force: true })
  await globalTeardown()
}

function chooseVariants(only: string | undefined): readonly Variant[] {
  if (only === undefined) return VARIANTS
  const wanted = only.split(',')
  const unknown = wanted.find((name) => VARIANTS.every((variant) => variant.name !== name))
  if (unknown !== undefined) throw new Error(`there is no service '${unknown}'`)
  return VARIANTS.filter(({ name }, index) => index === 0 || wanted.includes(name))
}

/** Each is the first one as often as the others: who follows on whom may matter. */
async function measureRound(running: readonly RunningVariant[], round: number) {
  const figures: Figures[] = []
  for (let turn = 0; turn < running.length; turn += 1) {
    const index = (round + turn) % running.length
    const variant = running[index]
    if (variant !== undefined) figures[index] = await measure(variant)
  }
  return figures
}

async function measure({ url, pid, profile }: RunningVariant): Promise<Figures> {
  const prepared = await prepareLoad({ ...load, url })
  await profile.begin()
  const before = { main: await mainThreadMicros(pid), all: await processMicros(pid) }
  const { answered } = await prepared.run()
  const after = { main: await mainThreadMicros(pid), all: await processMicros(pid) }
  const found = await profile.end()
  return {
    main: (after.main - before.main) / answered,
    all: (after.all - before.all) / answered,
    allocatedKb: found.allocatedBytes / BYTES_PER_KB / answered,
    metrics: shareOf(found.profile, METRICS),
    traces: shareOf(found.profile, TRACES),
    // Node's parser and its responses are called from there, and would work without it as well.
    door: ownShareOf(found.profile, DOOR),
  }
}

function report(rounds: readonly (readonly Figures[])[]): string {
  const rows = variants.map(({ name }, index) => {
    const middle = (read: (figures: Figures, first: Figures) => number): number =>
      median(
        rounds.flatMap((round) => {
          const [first] = round
          const figures = round[index]
          return first === undefined || figures === undefined ? [] : [read(figures, first)]
        }),
      )
    return [
      name,
      middle(({ main }) => main).toFixed(0),
      middle(({ all }) => all).toFixed(0),
      middle(({ all }, first) => all / first.all).toFixed(3),
      middle(({ allocatedKb }) => allocatedKb).toFixed(1),
      `${(middle(({ metrics }) => metrics) * PERCENT).toFixed(2)} %`,
      `${(middle(({ traces }) => traces) * PERCENT).toFixed(2)} %`,
      `${(middle(({ door }) => door) * PERCENT).toFixed(2)} %`,
    ]
  })
  const head =
    'service, main thread µs, process µs, ratio, allocated kB, in metrics, in traces, in the door'.split(
      ', ',
    )
  return markdownTable(head, rows)
}
