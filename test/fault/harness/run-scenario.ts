import type { TestCluster } from '../../support/kafka-cluster.ts'
import type { Report } from './report.ts'
import type { Scenario } from './scenario.ts'
import { SeededRandom } from './seeded-random.ts'

export interface RunOptions {
  readonly cluster: TestCluster
  readonly registryUrl: string
  readonly seed: number
  readonly size: 'full' | 'short'
  readonly minutes?: number | undefined
  readonly progress?: (line: string) => void
}

/** The same seed gives the same faults, whatever ran before. */
export function runScenario(scenario: Scenario, options: RunOptions): Promise<Report> {
  const { cluster, registryUrl, seed, size, minutes, progress = () => {} } = options
  return scenario.run({
    cluster,
    registryUrl,
    random: new SeededRandom(seed),
    minutes,
    rounds: (full, short) => (size === 'full' ? full : short),
    progress,
  })
}
