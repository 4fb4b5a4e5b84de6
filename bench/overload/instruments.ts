import { HelperProcess } from './helper-process.ts'
import type { IdleTimerCommands } from './idle-timer-process.ts'
import type { LivenessCommands, LivenessReport } from './liveness-process.ts'
import type { LoadOptions } from './load.ts'
import type { LoadCommands } from './load-process.ts'
import type { ProbeCommands } from './probe-process.ts'
import { machineNowMs, type Span, type Summary } from './samples.ts'
import type { Target } from './servers.ts'
import type { LoadReport } from './tally.ts'
import { watchUsage, type Usage } from './usage.ts'

export interface Surroundings {
  readonly liveness: LivenessReport
  /** How late a timer was in a process that does nothing else. */
  readonly machine: Summary
  readonly service: Usage
}

export interface StepReport extends Surroundings {
  readonly connections: number
  readonly connectionsOpen: number
  /** Undefined: a closed loop. */
  readonly offeredPerSecond: number | undefined
  readonly seconds: number
  readonly load: LoadReport
  readonly generator: Usage
  /** Latency of a single client before, and the time after the end until it has that again; -1: never. */
  readonly usualMs: number
  readonly recoveredAfterMs: number
}

/** Processes are told when to begin by the clock, a little ahead. */
const LEAD_MS = 200

export function spanFromNow(seconds: number): Span {
  const fromMs = machineNowMs() + LEAD_MS
  return { fromMs, untilMs: fromMs + seconds * 1_000 }
}

/** What measures beside the load, each in a process of its own for the whole run. */
export class Instruments implements AsyncDisposable {
  readonly #liveness = new HelperProcess<LivenessCommands>('liveness-process.ts')
  readonly #machine = new HelperProcess<IdleTimerCommands>('idle-timer-process.ts')
  readonly #probe = new HelperProcess<ProbeCommands>('probe-process.ts')
  readonly #nice: number

  /** Of the generators. */
  constructor(nice: number) {
    this.#nice = nice
  }

  startLoad(): HelperProcess<LoadCommands> {
    return new HelperProcess<LoadCommands>('load-process.ts', this.#nice)
  }

  async watch({ port, pid }: Target, span: Span): Promise<Surroundings> {
    const [liveness, machine, service] = await Promise.all([
      this.#liveness.ask('watch', { port, ...span }),
      this.#machine.ask('watch', span),
      watchUsage(pid, span),
    ])
    return { liveness, machine, service }
  }

  /** A few orders; in milliseconds. */
  measureUsual({ port }: Target): Promise<number> {
    return this.#probe.ask('measure', { port })
  }

  /** One load over fresh connections, and what it does to everything else. */
  async runStep(target: Target, options: LoadOptions, seconds: number): Promise<StepReport> {
    const { port } = target
    const usualMs = await this.measureUsual(target)
    await using load = this.startLoad()
    const connectionsOpen = await load.ask('open', options)
    const span = spanFromNow(seconds)
    const [report, surroundings, generator, recoveredAfterMs] = await orEnded(
      target,
      Promise.all([
        load.ask('run', span),
        this.watch(target, span),
        watchUsage(load.pid, span),
        this.#probe.ask('recover', { port, fromMs: span.untilMs, usualMs }),
      ]),
    )
    return {
      ...surroundings,
      connections: options.connections,
      connectionsOpen,
      offeredPerSecond: options.perSecond,
      seconds,
      load: report,
      generator,
      usualMs,
      recoveredAfterMs,
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      [this.#liveness, this.#machine, this.#probe].map((helper) => helper[Symbol.asyncDispose]()),
    )
  }
}

/** Rejects when the target does not live through it. */
export function orEnded<Result>({ exited }: Target, work: Promise<Result>): Promise<Result> {
  const ended = exited.then((how) => {
    throw new Error(`what is under load did not live through it: ${how}`)
  })
  return Promise.race([work, ended])
}
