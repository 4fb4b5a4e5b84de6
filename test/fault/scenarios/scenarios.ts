import type { Scenario } from '../harness/scenario.ts'
import { PROCESS_FAULTS } from './process-faults.ts'

/** All that `npm run faults` does, in this order. */
export const SCENARIOS: readonly Scenario[] = [...PROCESS_FAULTS]
