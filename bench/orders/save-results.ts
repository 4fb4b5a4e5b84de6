import { mkdir, writeFile } from 'node:fs/promises'
import { arch, cpus, loadavg, release, totalmem, type } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import type { Servers } from './servers.ts'

const FOLDER = new URL('../results', import.meta.url).pathname
const BYTES_PER_MB = 1_000_000

export interface Machine {
  readonly system: string
  readonly processor: string
  readonly cores: number
  readonly memoryMb: number
  readonly node: string
  readonly postgres: string
  /** Of the minute before: above 0.5 something else was at work. */
  readonly loadBefore: number
}

/** What figures depend on, without a name of the machine or a path on it. */
export function describeMachine({ postgresVersion }: Servers): Machine {
  return {
    system: `${type()} ${release().split('.').slice(0, 2).join('.')} ${arch()}`,
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryMb: Math.round(totalmem() / BYTES_PER_MB),
    node: process.version,
    postgres: postgresVersion,
    loadBefore: loadavg()[0] ?? NaN,
  }
}

/** Every round as it was measured; a later run of the same day takes its place. */
export async function saveResults(name: string, machine: Machine, found: unknown): Promise<string> {
  await mkdir(FOLDER, { recursive: true })
  const date = new Date().toISOString().slice(0, 'YYYY-MM-DD'.length)
  const file = `${date}-${name}.json`
  await writeFile(join(FOLDER, file), `${JSON.stringify({ date, machine, found }, undefined, 1)}\n`)
  return `bench/results/${file}`
}
