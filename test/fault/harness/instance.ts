import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import {
  spawnService,
  untilReady,
  type ProcessEnd,
  type ServiceOptions,
  type ServiceProcess,
} from '../../support/service-process.ts'
import { until } from '../../support/until.ts'
import type { Journal } from './journal.ts'

const AUDIT = fileURLToPath(new URL('../../../src/cli/cart.ts', import.meta.url))

/** Longer than the longest scenario; no process outlives its run by much. */
const LIFE_MS_MAX = 120 * 60_000

/** Health is known without asking anybody. */
const ASKED_MS_MAX = 2_000

export interface Health {
  readonly status: string
  readonly instance: { readonly id: string }
  readonly checks: Readonly<
    Record<'kafka' | 'storage', { readonly status: string; readonly reason?: string }>
  >
}

/** One place where a service runs, dies and is started again: the same port, the same settings. */
export class Instance {
  readonly number: number
  readonly url: string
  readonly #settings: Readonly<Record<string, string>>
  readonly #journal: Journal
  #process: ServiceProcess | undefined

  constructor(number: number, settings: Readonly<Record<string, string>>, journal: Journal) {
    this.number = number
    this.url = `http://127.0.0.1:${settings['API_PORT']}`
    this.#settings = settings
    this.#journal = journal
  }

  /** Resolves when it is ready for changes. `settings` count for this life only. */
  async start(
    settings: Readonly<Record<string, string>> = {},
    options: ServiceOptions = {},
  ): Promise<void> {
    await this.spawn(settings, options)
    await untilReady(this.#running)
  }

  /** Without waiting for anything. */
  async spawn(
    settings: Readonly<Record<string, string>> = {},
    options: ServiceOptions = {},
  ): Promise<void> {
    this.#process = await spawnService(
      { ...this.#settings, ...settings },
      { lifeMsMax: LIFE_MS_MAX, ...options },
    )
  }

  async kill(): Promise<void> {
    this.#note('SIGKILL')
    await this.#running.end('SIGKILL')
  }

  /** Resolves when it has died by itself, by a failpoint. */
  async died(): Promise<ProcessEnd> {
    let end: ProcessEnd | undefined
    void this.#running.exited.then((value) => (end = value))
    await until(
      () => end !== undefined,
      () => `it dies; it wrote:\n${this.output()}`,
    )
    if (end === undefined) throw new Error('unreachable')
    this.#note('died by itself')
    return end
  }

  /** SIGTERM; resolves with how it ended. */
  async stop(): Promise<ProcessEnd> {
    this.#note('SIGTERM')
    const end = await this.#running.end('SIGTERM')
    this.#note('has stopped')
    return end
  }

  pause(): void {
    this.#note('SIGSTOP')
    this.#running.signal('SIGSTOP')
  }

  resume(): void {
    this.#note('SIGCONT')
    this.#running.signal('SIGCONT')
  }

  /** What `cart audit`, beside it, finds when it compares topic and store. */
  audit(): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>()
    const env = { ...this.#settings, PATH: process.env['PATH'] }
    execFile(process.execPath, [AUDIT, 'audit'], { env }, (error, stdout, stderr) => {
      resolve(error === null ? stdout : `failed: ${stdout}${stderr}`)
    })
    return promise
  }

  untilReady(): Promise<void> {
    return untilReady(this.#running)
  }

  /** The body of `/health`. */
  async health(): Promise<Health> {
    const answer = await fetch(`${this.url}/health`, { signal: AbortSignal.timeout(ASKED_MS_MAX) })
    return (await answer.json()) as Health
  }

  async isReady(): Promise<boolean> {
    const signal = AbortSignal.timeout(ASKED_MS_MAX)
    return (await fetch(`${this.url}/health/ready`, { signal })).ok
  }

  /** In this life. */
  hasWritten(text: string): boolean {
    return this.#process?.output().includes(text) ?? false
  }

  /** The end of what it wrote. */
  output(): string {
    return this.#process?.output().slice(-4_000) ?? ''
  }

  residentMegabytes(): number {
    const status = readFileSync(`/proc/${this.#running.pid}/status`, 'utf8')
    return Number(/^VmRSS:\s+(\d+) kB$/mu.exec(status)?.[1]) / 1_024
  }

  /** Ends it whatever state it is in. Idempotent. */
  async close(): Promise<void> {
    await this.#process?.end('SIGKILL')
  }

  get #running(): ServiceProcess {
    if (this.#process === undefined) throw new Error('this instance was never started')
    return this.#process
  }

  #note(what: string): void {
    this.#journal.noteFault(`service ${this.number}: ${what}`)
  }
}
