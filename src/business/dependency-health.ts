import type { Clock } from './ports.ts'

export const DEPENDENCIES = ['kafka', 'schemaRegistry', 'storage'] as const

export type Dependency = (typeof DEPENDENCIES)[number]

export interface DependencyState {
  readonly status: 'up' | 'down'
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

  /** A new reason for the same outage keeps its beginning. */
  reportDown(dependency: Dependency, reason: string): void {
    const current = this.#states[dependency]
    if (current.status === 'down' && current.reason === reason) return
    const since = current.status === 'down' ? current.since : this.#clock.now()
    this.#change(dependency, { status: 'down', since, reason })
  }

  states(): DependencyStates {
    return { ...this.#states }
  }

  #change(dependency: Dependency, state: DependencyState): void {
    this.#states[dependency] = state
    this.#onChange(dependency, state)
  }
}
