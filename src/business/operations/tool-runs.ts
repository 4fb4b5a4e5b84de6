import type { OrderStatus } from '../../models/order.ts'
import type { Clock } from '../ports.ts'
import { draining, toolAtWork } from '../refusals.ts'

/**
 * The tools of the command line, run on request: one at a time, each in a process of its own, so that a
 * topic of a million events takes neither the memory nor the time of the service. The last run of each
 * is kept.
 */

export const TOOLS = ['doctor', 'audit', 'read-topic'] as const

export type Tool = (typeof TOOLS)[number]

export interface ToolRequest {
  readonly tool: Tool
  /** Of `read-topic`. */
  readonly topic?: string
  /** Of `read-topic`: a while, such as `10m`; absent: from the beginning. */
  readonly since?: string
  /** Of `read-topic`: with what the keys begin. */
  readonly key?: string
  /** Of `read-topic`: that of the events. */
  readonly status?: OrderStatus
}

export interface ToolRun extends ToolRequest {
  readonly state: 'running' | 'done' | 'failed'
  readonly startedAt: Date
  readonly endedAt?: Date
  /** What it said last, while it runs. */
  readonly progress?: string
  /** What it found, as it prints it in JSON. */
  readonly result?: unknown
  /** Why there is no result, in a sentence. */
  readonly problem?: string
}

/** Rejects with a sentence when there is no result. Ends with the signal. */
export type RunTool = (
  request: ToolRequest,
  onProgress: (line: string) => void,
  signal: AbortSignal,
) => Promise<unknown>

export interface ToolRunsDeps {
  readonly runTool: RunTool
  readonly clock: Pick<Clock, 'now'>
}

export class ToolRuns {
  readonly #deps: ToolRunsDeps
  readonly #runs = new Map<Tool, ToolRun>()
  readonly #closing = new AbortController()
  #running: Promise<void> | undefined

  constructor(deps: ToolRunsDeps) {
    this.#deps = deps
  }

  /** The last run of each tool that was run. */
  list(): readonly ToolRun[] {
    return [...this.#runs.values()]
  }

  /** Throws TOOL_AT_WORK while one is at work, SERVICE_DRAINING once it closes. */
  start(request: ToolRequest): ToolRun {
    if (this.#closing.signal.aborted) throw draining()
    if (this.#running !== undefined) throw toolAtWork()
    const run: ToolRun = { ...request, state: 'running', startedAt: this.#deps.clock.now() }
    this.#runs.set(request.tool, run)
    this.#running = this.#carryOut(run).finally(() => {
      this.#running = undefined
    })
    return run
  }

  /** Ends what is at work. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#running
  }

  async #carryOut(run: ToolRun): Promise<void> {
    const { runTool, clock } = this.#deps
    const note = (progress: string): void => {
      this.#runs.set(run.tool, { ...run, progress })
    }
    try {
      const result = await runTool(run, note, this.#closing.signal)
      this.#runs.set(run.tool, { ...run, state: 'done', endedAt: clock.now(), result })
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error)
      this.#runs.set(run.tool, { ...run, state: 'failed', endedAt: clock.now(), problem })
    }
  }
}
