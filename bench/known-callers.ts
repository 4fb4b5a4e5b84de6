import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { formatKeyLine, newApiKey } from '../src/service/callers/key-file.ts'
import {
  AUDIENCE,
  ISSUER,
  newSigningKey,
  sign,
  answerKeys,
} from '../test/support/identity-provider.ts'
import { globalSetup, globalTeardown } from '../test/support/global-setup.ts'
import { freshSettings } from '../test/support/own-service.ts'
import { startService, type ServiceProcess } from '../test/support/service-process.ts'
import { prepareLoad, type PreparedLoad } from './orders/load.ts'
import { processMicros } from './orders/process-usage.ts'

/**
 * What it costs to know the caller: creates a second, and processor time of the service for each, with
 * API_AUTH none, api-key and jwt. Three services on one Kafka, an SQLite file each, take the same load, one
 * after the other in many short rounds; each round begins with another one of them. Ratios are of one round,
 * so that whatever the machine does for longer than a round drops out. Linux.
 *
 *   node bench/known-callers.ts
 *   node bench/known-callers.ts --rounds 30 --seconds 2 --connections 32
 */

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '30' },
    seconds: { type: 'string', default: '2' },
    connections: { type: 'string', default: '32' },
  },
})

interface Way {
  readonly name: string
  readonly service: ServiceProcess
  readonly credential: string | undefined
  readonly rates: number[]
  readonly micros: number[]
}

/** With it the token has about a thousand characters, as those of identity providers have. */
const OTHER_CLAIMS = { groups: 'x'.repeat(500) }

const folder = await mkdtemp(join(tmpdir(), 'cart-callers-'))
await globalSetup()
const signing = await newSigningKey('one')
const provider = createServer(answerKeys(signing))
await once(provider.listen(0, '127.0.0.1'), 'listening')
const { port } = provider.address() as AddressInfo
const key = newApiKey('bench')
const keysFile = join(folder, 'keys')
await writeFile(keysFile, formatKeyLine('bench', key, ['orders:write'], '2099-12-31'))

const ways: Way[] = [
  await startWay('none', {}, undefined),
  await startWay('api-key', { API_KEYS_FILE: keysFile }, key),
  await startWay(
    'jwt',
    {
      API_JWT_ISSUER: ISSUER,
      API_JWT_AUDIENCE: AUDIENCE,
      API_JWT_JWKS_URL: `http://127.0.0.1:${port}/keys`,
    },
    await sign(signing, { scope: 'orders:write', ...OTHER_CLAIMS }),
  ),
]
try {
  // The first round warms the processes up, and does not count.
  for (let round = 0; round <= Number(values.rounds); round += 1) {
    const first = round % ways.length
    for (const way of [...ways.slice(first), ...ways.slice(0, first)]) {
      await measure(way, await prepare(way), round > 0)
    }
  }
  report(ways)
} finally {
  await Promise.all(ways.map(({ service }) => service.end('SIGTERM')))
  provider.close()
  await globalTeardown()
  await rm(folder, { recursive: true })
}

async function startWay(
  name: string,
  settings: Record<string, string>,
  credential: string | undefined,
): Promise<Way> {
  const service = await startService({
    ...freshSettings(`sqlite:${join(folder, `${name}.db`)}`),
    API_AUTH: name,
    ...settings,
  })
  return { name, service, credential, rates: [], micros: [] }
}

function prepare({ service, credential }: Way): Promise<PreparedLoad> {
  return prepareLoad({
    url: service.url,
    connections: Number(values.connections),
    seconds: Number(values.seconds),
    kind: 'create',
    items: 3,
    hasRandomIds: false,
    ...(credential !== undefined && { credential }),
  })
}

async function measure(way: Way, load: PreparedLoad, counts: boolean): Promise<void> {
  const { service, rates, micros } = way
  const before = await processMicros(service.pid)
  const { answered, failed, perSecond } = await load.run()
  if (failed > 0) throw new Error(`${failed} requests failed`)
  if (!counts) return
  rates.push(perSecond)
  micros.push(((await processMicros(service.pid)) - before) / answered)
}

/** The smallest number that this share of them does not exceed. */
function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((one, other) => one - other)
  return sorted[Math.min(Math.floor(numbers.length * share), numbers.length - 1)] ?? Number.NaN
}

function median(numbers: readonly number[]): number {
  return quantile(numbers, 0.5)
}

/** The median, and between which numbers half of them are. */
function describe(numbers: readonly number[]): string {
  const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => quantile(numbers, share).toFixed(3))
  return `${middle} (${low}..${high})`
}

/** Round by round. */
function ratios(numbers: readonly number[], others: readonly number[]): number[] {
  return numbers.map((number, round) => number / (others[round] ?? Number.NaN))
}

function printLine(...cells: readonly string[]): void {
  process.stdout.write(`${cells.map((cell) => cell.padStart(24)).join('')}\n`)
}

function report(measured: readonly Way[]): void {
  const [none] = measured
  if (none === undefined) return
  printLine('API_AUTH', 'creates/s', 'of none', 'µs/create', 'of none')
  for (const { name, rates, micros } of measured) {
    const [rate, cost] = [median(rates), median(micros)]
    const rateOfNone = describe(ratios(rates, none.rates))
    const costOfNone = describe(ratios(micros, none.micros))
    printLine(name, rate.toFixed(0), rateOfNone, cost.toFixed(0), costOfNone)
  }
}
