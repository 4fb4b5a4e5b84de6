import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { infrastructure } from './infrastructure.ts'
import { until } from './until.ts'

const APPLY_EVENTS = fileURLToPath(
  new URL('../../examples/typescript/apply-events.ts', import.meta.url),
)

/** The process ends by itself after this, whatever becomes of the test. */
const LIFE_MS_MAX = 3 * 60_000

export interface ApplyEventsProcess {
  /** What it printed to stdout so far. */
  readonly lines: readonly string[]
  /** Resolves when it printed so many lines; rejects when it ended before. */
  printed(count: number): Promise<void>
  end(signal: NodeJS.Signals): Promise<number | null>
  /** With its exit code. */
  readonly exited: Promise<number | null>
}

export interface ApplyEventsOptions {
  readonly topic: string
  readonly database: string
  readonly group: string
  readonly deadLetterTopic?: string
  readonly registryUrl?: string
  readonly flags?: readonly string[]
}

/** Starts examples/typescript/apply-events.ts as its own process. */
export function startApplyEvents(t: TestContext, options: ApplyEventsOptions): ApplyEventsProcess {
  const args = Object.entries({
    'bootstrap-servers': infrastructure().kafkaBootstrapServers,
    'schema-registry': options.registryUrl ?? infrastructure().schemaRegistryUrl,
    topic: options.topic,
    ...(options.deadLetterTopic && { 'dead-letter-topic': options.deadLetterTopic }),
    group: options.group,
    database: options.database,
  }).map(([name, value]) => `--${name}=${value}`)
  const child = spawn(process.execPath, [APPLY_EVENTS, ...args, ...(options.flags ?? [])], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIFE_MS_MAX,
    killSignal: 'SIGKILL',
  })
  const lines: string[] = []
  const errors: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line))
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk.toString()))
  let isOver = false
  const exited = once(child, 'close').then(() => {
    isOver = true
    return child.exitCode
  })
  t.after(() => {
    child.kill('SIGKILL')
    return exited
  })
  const output = (): string => [...lines, ...errors].join('\n')
  return {
    lines,
    exited,
    async printed(count) {
      await until(
        () => isOver || lines.length >= count,
        () => `${count} lines are printed, got:\n${output()}`,
      )
      assert.ok(lines.length >= count, `it ended; it wrote:\n${output()}`)
    },
    async end(signal) {
      child.kill(signal)
      return exited
    },
  }
}

export function deadLettersOf(topic: string): string {
  return `${topic}.dead-letter`
}

export interface Effects {
  /** `order: last version, status` */
  readonly orders: readonly string[]
  /** How many changes were applied, by status. */
  readonly counts: Readonly<Record<string, number>>
}

export function readEffects(path: string): Effects {
  using db = new DatabaseSync(path, { readOnly: true })
  const orders = db.prepare(
    `SELECT order_id || ': ' || last_sequence || ', ' || status AS line FROM orders ORDER BY order_id`,
  )
  const counts = db.prepare('SELECT status, count FROM status_counts')
  return {
    orders: orders.all().map(({ line }) => String(line)),
    counts: Object.fromEntries(
      counts.all().map((row) => [String(row['status']), Number(row['count'])]),
    ),
  }
}
