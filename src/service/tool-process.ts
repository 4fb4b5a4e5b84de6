import { spawn, type ChildProcess } from 'node:child_process'
import { constants, setPriority } from 'node:os'
import process from 'node:process'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { RunTool, Tool, ToolRequest } from '../business/operations/tool-runs.ts'
import { BoundedLines } from './bounded-lines.ts'

/** Runs a tool of the command line as a process beside the service, and reads the JSON that it prints. */

const CART = fileURLToPath(new URL('../cli/cart.ts', import.meta.url))

/** An audit reads the whole topic. */
const TIMEOUTS_MS: Readonly<Record<Tool, number>> = {
  doctor: 60_000,
  audit: 900_000,
  'read-topic': 30_000,
}

/** Of one line: an audit of a topic of others differs in every record. */
const LINE_LENGTH_MAX = 4 * 1024 * 1024

/** The last records of what was read. */
const RECORDS_MAX = 200

/** Of those together, in characters. */
const RECORDS_LENGTH_MAX = 2 * 1024 * 1024

/** The first of many; `cart audit --json` has all. */
const DIFFERENCES_MAX = 100

export interface ToolProcessOptions {
  /** With changes to the settings of the service itself. */
  readonly environment: (changes: Readonly<Record<string, string>>) => Record<string, string>
}

export function createRunTool({ environment }: ToolProcessOptions): RunTool {
  return async (request, onProgress, signal) => {
    const { tool, topic } = request
    const child = spawn(process.execPath, [CART, ...argumentsOf(request)], {
      env: environment(topic === undefined ? {} : { KAFKA_TOPIC: topic }),
      stdio: ['ignore', 'pipe', 'pipe'],
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUTS_MS[tool])]),
      killSignal: 'SIGKILL',
    })
    giveWay(child)
    const lines = new LastLines(tool === 'read-topic' ? RECORDS_MAX : 1)
    let said = ''
    readLines(child.stdout, (line) => lines.add(line))
    readLines(child.stderr, (line) => {
      if (line === undefined) return
      said = line
      onProgress(line)
    })
    const code = await endOf(child, TIMEOUTS_MS[tool])
    const [last] = lines.all
    // 1: it found something. 2: it could not be done, and the last line says why.
    if (code === null || code > 1) throw new Error(said === '' ? `it ended with ${code}` : said)
    if (tool === 'read-topic') return { records: lines.all.map((line) => JSON.parse(line)) }
    if (lines.isCut) throw new Error(`its result is too long; cart ${tool} --json prints all of it`)
    if (last === undefined) throw new Error('it printed nothing')
    return shorten(JSON.parse(last))
  }
}

function argumentsOf({ tool, since, key, status }: ToolRequest): string[] {
  if (tool === 'doctor') return ['doctor', '--json']
  if (tool === 'audit') return ['audit', '--json', '--progress']
  const start = since === undefined ? ['--from-beginning'] : ['--since', since]
  return [
    'listen',
    '--json',
    '--exit-at-end',
    ...start,
    // In one with its option: a key may begin like an option.
    ...(key === undefined ? [] : [`--key=${key}`]),
    ...(status === undefined ? [] : ['--status', status]),
  ]
}

/** The service comes first. */
function giveWay({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // It has ended, or the system does not let us.
  }
}

function endOf(child: ChildProcess, timeoutMs: number): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      const isOver = error.name === 'AbortError'
      reject(isOver ? new Error(`no result within ${timeoutMs / 1_000} s, or ended`) : error)
    })
    child.once('close', resolve)
  })
}

function readLines(output: Readable, onLine: (line: string | undefined) => void): void {
  const lines = new BoundedLines(LINE_LENGTH_MAX, onLine)
  output.setEncoding('utf8').on('data', (text: string) => lines.add(text))
  output.once('end', () => lines.end())
}

/** The last lines of an output, bounded. */
class LastLines {
  readonly #linesMax: number
  #lines: string[] = []
  #length = 0
  /** A line was too long. */
  isCut = false

  constructor(linesMax: number) {
    this.#linesMax = linesMax
  }

  get all(): readonly string[] {
    return this.#lines
  }

  add(line: string | undefined): void {
    if (line === undefined) {
      this.isCut = true
      return
    }
    this.#lines.push(line)
    this.#length += line.length
    while (this.#lines.length > this.#linesMax || this.#isTooLarge()) {
      this.#length -= this.#lines.shift()?.length ?? 0
    }
  }

  #isTooLarge(): boolean {
    return this.#lines.length > 1 && this.#length > RECORDS_LENGTH_MAX
  }
}

function shorten(result: unknown): unknown {
  const { differences } = result as { readonly differences?: readonly unknown[] }
  if (!Array.isArray(differences)) return result
  const shown = differences.slice(0, DIFFERENCES_MAX)
  return { ...(result as object), differences: shown, differenceCount: differences.length }
}
