import type { Scenario } from '../harness/scenario.ts'
import { BROKER_REFUSALS } from './broker-refusals.ts'
import { CALLER_FAULTS } from './caller-faults.ts'
import { CLUSTER_FAULTS } from './cluster-faults.ts'
import { CRASH_WINDOWS } from './crash-window.ts'
import { FAILOVERS } from './failover.ts'
import { INSTANCE_FAULTS } from './instance-faults.ts'
import { everything } from './everything.ts'
import { failpoints } from './failpoints.ts'
import { longOutage } from './long-outage.ts'
import { OWNERSHIP_FAULTS } from './ownership-faults.ts'
import { PROCESS_FAULTS } from './process-faults.ts'
import { PRODUCE_FAULTS } from './produce-faults.ts'
import { REGISTRY_FAULTS } from './registry-faults.ts'
import { STORE_FAULTS } from './store-faults.ts'
import { TOO_LARGE } from './too-large.ts'
import { TOPIC_FAULTS } from './topic-faults.ts'
import { UPGRADES } from './upgrade.ts'

/** All that `npm run faults` does, in this order. */
export const SCENARIOS: readonly Scenario[] = [
  ...PROCESS_FAULTS,
  failpoints,
  ...CRASH_WINDOWS,
  ...PRODUCE_FAULTS,
  ...BROKER_REFUSALS,
  ...CLUSTER_FAULTS,
  ...INSTANCE_FAULTS,
  ...OWNERSHIP_FAULTS,
  ...UPGRADES,
  ...FAILOVERS,
  ...CALLER_FAULTS,
  ...TOPIC_FAULTS,
  ...TOO_LARGE,
  ...REGISTRY_FAULTS,
  ...STORE_FAULTS,
  everything,
  longOutage,
]
