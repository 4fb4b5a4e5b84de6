import type { TestCluster } from '../../support/kafka-cluster.ts'
import type { Report } from './report.ts'
import type { SeededRandom } from './seeded-random.ts'

/** A fault, done to the service under load, and what has to come of it. */
export interface Scenario {
  readonly name: string
  /** One line for `--list`. */
  readonly about: string
  readonly brokers: 1 | 3
  /**
   * Whether an event may stand twice after a death, because it was sent under another producer id than
   * it was reserved with: see docs/decisions/0010-fence-by-producer-epoch.md.
   */
  readonly mayRepeatAfterDeath?: true
  run(context: ScenarioContext): Promise<Report>
}

export interface ScenarioContext {
  readonly cluster: TestCluster
  readonly registryUrl: string
  readonly mayRepeatAfterDeath: boolean
  /** Seeded. */
  readonly random: SeededRandom
  /** For those that last as long as they are told. */
  readonly minutes: number | undefined
  /** How often a fault is repeated: `full` times by `npm run faults`, `short` times within `npm test`. */
  rounds(full: number, short: number): number
  /** Tells the person who waits. */
  progress(line: string): void
}
