import type { Clock } from './ports.ts'

/** The identity provider is there for callers with tokens only. */
export type Dependency = 'kafka' | 'schemaRegistry' | 'storage' | 'identityProvider'

export interface DependencyState {
  /** `degraded`: it serves, though not everything, or not everybody. */
  readonly status: 'up' | 'degraded' | 'down'
  /** When it came into this state. */
  readonly since: Date
  /** One sentence for an operator: what is wrong. Absent while up. */
  readonly reason?: string
}

type OptionalDependency = 'identityProvider'

/** Without the optional ones that nobody has reported on. */
export type DependencyStates = Readonly<
  Record<Exclude<Dependency, OptionalDependency>, DependencyState> &
    Partial<Record<OptionalDependency, DependencyState>>
>

type OnChange = (dependency: Dependency, state: DependencyState) => void

/** What the process knows of its dependencies; each adapter reports, health checks and logs read. */
export class DependencyHealth {
  readonly #clock: Clock
  readonly #onChange: OnChange
  #states: DependencyStates

  /** Everything starts down: "up" is said only of what has answered. */
  constructor(clock: Clock, onChange: OnChange) {
    this.#clock = clock
    this.#onChange = onChange
    const state = (): DependencyState => ({
      status: 'down',
      since: clock.now(),
      reason: 'has not answered yet',
    })
    this.#states = { kafka: state(), schemaRegistry: state(), storage: state() }
  }

  reportUp(dependency: Dependency): void {
    if (this.#states[dependency]?.status === 'up') return
    this.#change(dependency, { status: 'up', since: this.#clock.now() })
  }

  reportDegraded(dependency: Dependency, reason: string): void {
    this.#report(dependency, 'degraded', reason)
  }

  reportDown(dependency: Dependency, reason: string): void {
    this.#report(dependency, 'down', reason)
  }

  states(): DependencyStates {
    return this.#states
  }

  /** A new reason for the same trouble keeps its beginning. */
  #report(dependency: Dependency, status: 'degraded' | 'down', reason: string): void {
    const current = this.#states[dependency]
    if (current?.status === status && current.reason === reason) return
    const since = current?.status === status ? current.since : this.#clock.now()
    this.#change(dependency, { status, since, reason })
  }

  #change(dependency: Dependency, state: DependencyState): void {
    this.#states = { ...this.#states, [dependency]: state }
    this.#onChange(dependency, state)
  }
}
