import type { TestCluster } from '../../support/kafka-cluster.ts'
import type { Report } from './report.ts'
import type { SeededRandom } from './seeded-random.ts'

/** A fault, done to the service under load, and what has to come of it. */
export interface Scenario {
  readonly name: string
  /** One line for `--list`. */
  readonly about: string
  readonly brokers: 1 | 3
  run(context: ScenarioContext): Promise<Report>
}

export interface ScenarioContext {
  readonly cluster: TestCluster
  readonly registryUrl: string
  /** Seeded. */
  readonly random: SeededRandom
  /** For those that last as long as they are told. */
  readonly minutes: number | undefined
  /** How often a fault is repeated: `full` times by `npm run faults`, `short` times within `npm test`. */
  rounds(full: number, short: number): number
  /** Tells the person who waits. */
  progress(line: string): void
}
