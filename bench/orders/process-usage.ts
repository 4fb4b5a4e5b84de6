import { readdir, readFile, readlink } from 'node:fs/promises'

/** What Linux says of processes. Another system has no /proc, and no figures of this. */

/** Of `/proc/<pid>/stat`, on every Linux of today. */
const MICROS_PER_TICK = 10_000
const BYTES_PER_KB = 1_024
const LISTENING = '0A'

interface Stat {
  readonly parentPid: number
  readonly cpuMicros: number
  /** Of its children that have ended. */
  readonly endedMicros: number
}

async function readStat(path: string): Promise<Stat> {
  const text = await readFile(path, 'utf8')
  // The name of the process, in brackets, may have spaces. The fields behind it begin with the third.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const ticks = (first: number): number => Number(fields[first]) + Number(fields[first + 1])
  return {
    parentPid: Number(fields[1]),
    cpuMicros: ticks(11) * MICROS_PER_TICK,
    endedMicros: ticks(13) * MICROS_PER_TICK,
  }
}

/** Of all its threads, also of those that have ended. */
export async function processMicros(pid: number): Promise<number> {
  return (await readStat(`/proc/${pid}/stat`)).cpuMicros
}

export async function mainThreadMicros(pid: number): Promise<number> {
  return (await readStat(`/proc/${pid}/task/${pid}/stat`)).cpuMicros
}

/** Of a process and its children, those included that have ended. */
export async function familyMicros(pid: number): Promise<number> {
  const { cpuMicros, endedMicros } = await readStat(`/proc/${pid}/stat`)
  const others = await Promise.all((await listPids()).map((other) => statUnlessGone(other)))
  return others
    .filter((stat) => stat?.parentPid === pid)
    .reduce((sum, stat) => sum + (stat?.cpuMicros ?? 0), cpuMicros + endedMicros)
}

/** What it made dirty for the disk, as the kernel counts it. */
export async function writtenBytes(pid: number): Promise<number> {
  return readNumber(await readFile(`/proc/${pid}/io`, 'utf8'), /^write_bytes: (\d+)/m)
}

export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return readNumber(status, /^VmRSS:\s+(\d+) kB/m) * BYTES_PER_KB
}

/** The process of this machine that listens on the port; undefined where it is not ours to see. */
export async function findListener(port: number): Promise<number | undefined> {
  const inodes = await listeningInodes(port)
  for (const pid of await listPids()) {
    if (await holdsOneOf(pid, inodes)) return pid
  }
  return undefined
}

async function listeningInodes(port: number): Promise<ReadonlySet<string>> {
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readFile(path, 'utf8').catch(() => '')),
  )
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const rows = tables.flatMap((table) => table.split('\n').map((row) => row.trim().split(/\s+/)))
  return new Set(
    rows
      .filter((row) => row[1]?.endsWith(suffix) === true && row[3] === LISTENING)
      .map((row) => `socket:[${row[9]}]`),
  )
}

async function holdsOneOf(pid: number, inodes: ReadonlySet<string>): Promise<boolean> {
  const folder = `/proc/${pid}/fd`
  const descriptors = await readdir(folder).catch(() => [])
  for (const descriptor of descriptors) {
    const target = await readlink(`${folder}/${descriptor}`).catch(() => '')
    if (inodes.has(target)) return true
  }
  return false
}

/** Oldest first, on the whole: a server before the children that it forks. */
async function listPids(): Promise<readonly number[]> {
  const names = await readdir('/proc')
  return names
    .map(Number)
    .filter(Number.isInteger)
    .toSorted((one, other) => one - other)
}

async function statUnlessGone(pid: number): Promise<Stat | undefined> {
  return readStat(`/proc/${pid}/stat`).catch(() => undefined)
}

function readNumber(text: string, pattern: RegExp): number {
  const digits = pattern.exec(text)?.[1]
  if (digits === undefined) throw new Error(`the kernel does not say ${pattern.source}`)
  return Number(digits)
}
