import type { Dependency, DependencyState, DependencyStates } from './dependency-health.ts'
import type { Clock } from './ports.ts'

/** As long as this a start may take before it sounds wrong. */
const PATIENCE_MS = 5_000

const NAMES: Readonly<Record<Dependency, string>> = {
  kafka: 'Kafka',
  schemaRegistry: 'the Schema Registry',
  storage: 'the store',
  identityProvider: 'the identity provider',
}

export interface DependencyLogDeps {
  readonly clock: Clock
  /** Ends with it. */
  readonly signal: AbortSignal
  readonly info: (fields: object, message: string) => void
  readonly warn: (fields: object, message: string) => void
}

interface Trouble {
  /** Monotonic. */
  readonly beganMs: number
  state: DependencyState
  /** The status that was told; undefined while a start is waited for. */
  told: DependencyState['status'] | undefined
}

/**
 * A line for each change of a dependency: that it has trouble, with the reason, and that the trouble is
 * over, with its duration. A start is no trouble before its patience is over. Another reason for the same
 * trouble is for `/health`, and no line.
 */
export class DependencyLog {
  readonly #deps: DependencyLogDeps
  readonly #troubles = new Map<Dependency, Trouble>()
  readonly #known = new Set<Dependency>()

  constructor(deps: DependencyLogDeps) {
    this.#deps = deps
  }

  /** For those of `states` that have not answered yet. */
  async watchStart(states: () => DependencyStates): Promise<void> {
    const { clock, signal } = this.#deps
    await clock.sleep(PATIENCE_MS, signal)
    if (signal.aborted) return
    for (const [name, state] of Object.entries(states())) {
      const dependency = name as Dependency
      if (this.#known.has(dependency) || state.status === 'up') continue
      this.#known.add(dependency)
      this.#begin(dependency, state, clock.monotonicMs() - PATIENCE_MS)
    }
  }

  hear(dependency: Dependency, state: DependencyState): void {
    const isStart = !this.#known.has(dependency)
    if (state.status === 'up') {
      this.#known.add(dependency)
      return isStart ? this.#sayUp(dependency) : this.#end(dependency)
    }
    if (isStart) return
    this.#begin(dependency, state, this.#deps.clock.monotonicMs())
  }

  #sayUp(dependency: Dependency): void {
    this.#deps.info({ dependency, status: 'up' }, `${NAMES[dependency]} is up`)
  }

  #begin(dependency: Dependency, state: DependencyState, beganMs: number): void {
    const trouble = this.#troubles.get(dependency) ?? { beganMs, state, told: undefined }
    this.#troubles.set(dependency, trouble)
    trouble.state = state
    const { status, reason } = state
    if (trouble.told === status) return
    trouble.told = status
    this.#deps.warn({ dependency, status, reason }, `${NAMES[dependency]} is ${status}: ${reason}`)
  }

  #end(dependency: Dependency): void {
    const trouble = this.#troubles.get(dependency)
    if (trouble === undefined) return
    this.#troubles.delete(dependency)
    const durationMs = Math.round(this.#deps.clock.monotonicMs() - trouble.beganMs)
    const after = `${(durationMs / 1_000).toFixed(1)} s`
    this.#deps.info(
      { dependency, status: 'up', durationMs },
      `${NAMES[dependency]} is up again, after ${after}`,
    )
  }
}
