import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

export const PARTS = ['ladder', 'broker', 'readers', 'hot', 'stub'] as const
export type Part = (typeof PARTS)[number]

export interface Options {
  readonly parts: readonly Part[]
  readonly store: 'sqlite' | 'postgres'
  /** Of the ladder; the broker's and the readers' parts have their own. */
  readonly connections: readonly number[]
  readonly besideConnections: readonly number[]
  /** In multiples of the capacity. */
  readonly rates: readonly number[]
  readonly seconds: number
  readonly hotSeconds: number
  readonly hotClients: readonly number[]
  readonly clientTimeoutMs: number
  /** Orders a second, in place of what is measured first. */
  readonly capacity: number | undefined
  /** Added to the environment of the service. */
  readonly settings: Readonly<Record<string, string>>
  /** Of the generator; the service has 0, and a generator with more leaves it the processor. */
  readonly nice: number
  readonly jsonFile: string | undefined
}

export const READERS = 500
/** What a process opens beside its connections. */
const OTHER_FILES = 200

export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      parts: { type: 'string', default: 'ladder,broker,readers,hot' },
      store: { type: 'string', default: 'sqlite' },
      connections: { type: 'string', default: '512,2048,4096,15000' },
      'beside-connections': { type: 'string', default: '2048' },
      rates: { type: 'string', default: '1,2,10' },
      seconds: { type: 'string', default: '5' },
      'hot-seconds': { type: 'string', default: '8' },
      'hot-clients': { type: 'string', default: '1,8,1000' },
      'client-timeout-ms': { type: 'string', default: '1000' },
      capacity: { type: 'string' },
      setting: { type: 'string', multiple: true, default: [] },
      nice: { type: 'string', default: '0' },
      json: { type: 'string' },
    },
  })
  return {
    parts: values.parts.split(',').map((name) => oneOf('parts', PARTS, name)),
    store: oneOf('store', ['sqlite', 'postgres'] as const, values.store),
    connections: readNumbers('connections', values.connections),
    besideConnections: readNumbers('beside-connections', values['beside-connections']),
    rates: readNumbers('rates', values.rates),
    seconds: readNumber('seconds', values.seconds),
    hotSeconds: readNumber('hot-seconds', values['hot-seconds']),
    hotClients: readNumbers('hot-clients', values['hot-clients']),
    clientTimeoutMs: readNumber('client-timeout-ms', values['client-timeout-ms']),
    capacity: values.capacity === undefined ? undefined : readNumber('capacity', values.capacity),
    settings: Object.fromEntries(values.setting.map(readSetting)),
    nice: Number(values.nice),
    jsonFile: values.json,
  }
}

/** A sentence, when the connections need more open files than a process may have. Linux only. */
export function findTooFewFiles({ connections, besideConnections }: Options): string | undefined {
  const most = Math.max(...connections, ...besideConnections.map((count) => count + READERS))
  const needed = most + OTHER_FILES
  // Node.js has raised the soft limit to the hard one.
  const [, limit = ''] =
    /^Max open files +(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
  if (limit === 'unlimited' || Number(limit) >= needed) return undefined
  return (
    `${most} connections need ${needed} open files in one process, and ${limit} are allowed: ` +
    `raise the limit (\`ulimit -Hn ${needed}\`), or ask for fewer (\`--connections 512,2048\`).`
  )
}

function readNumbers(name: string, text: string): readonly number[] {
  return text.split(',').map((item) => readNumber(name, item))
}

function readNumber(name: string, text: string): number {
  const number = Number(text)
  if (!(number > 0)) throw new Error(`--${name} must be a number above 0, and not "${text}"`)
  return number
}

function readSetting(text: string): [string, string] {
  const [, name, value] = /^(\w+)=(.*)$/s.exec(text) ?? []
  if (name === undefined || value === undefined) {
    throw new Error(`--setting must be NAME=value, and not "${text}"`)
  }
  return [name, value]
}

function oneOf<Name extends string>(option: string, names: readonly Name[], text: string): Name {
  const found = names.find((name) => name === text)
  if (found === undefined) {
    throw new Error(`--${option} must be one of ${names.join(', ')}, and not "${text}"`)
  }
  return found
}
