import type { Clock } from './ports.ts'

export const DEPENDENCIES = ['kafka', 'schemaRegistry', 'storage'] as const

export type Dependency = (typeof DEPENDENCIES)[number]

export interface DependencyState {
  /** `degraded`: it serves, though not everything, or not everybody. */
  readonly status: 'up' | 'degraded' | 'down'
  /** When it came into this state. */
  readonly since: Date
  /** One sentence for an operator: what is wrong. Absent while up. */
  readonly reason?: string
}

export type DependencyStates = Readonly<Record<Dependency, DependencyState>>

type OnChange = (dependency: Dependency, state: DependencyState) => void

/** What the process knows of its dependencies; each adapter reports, health checks and logs read. */
export class DependencyHealth {
  readonly #clock: Clock
  readonly #onChange: OnChange
  readonly #states: Record<Dependency, DependencyState>

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
    if (this.#states[dependency].status === 'up') return
    this.#change(dependency, { status: 'up', since: this.#clock.now() })
  }

  reportDegraded(dependency: Dependency, reason: string): void {
    this.#report(dependency, 'degraded', reason)
  }

  reportDown(dependency: Dependency, reason: string): void {
    this.#report(dependency, 'down', reason)
  }

  states(): DependencyStates {
    return { ...this.#states }
  }

  /** A new reason for the same trouble keeps its beginning. */
  #report(dependency: Dependency, status: 'degraded' | 'down', reason: string): void {
    const current = this.#states[dependency]
    if (current.status === status && current.reason === reason) return
    const since = current.status === status ? current.since : this.#clock.now()
    this.#change(dependency, { status, since, reason })
  }

  #change(dependency: Dependency, state: DependencyState): void {
    this.#states[dependency] = state
    this.#onChange(dependency, state)
  }
}
