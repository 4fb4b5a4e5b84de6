import type { Config } from '../../config/config.ts'
import { systemClock } from '../../service/system.ts'
import { describe } from './describe.ts'
import { diagnoseKafka } from './diagnose-kafka.ts'
import { diagnoseRegistry } from './diagnose-registry.ts'
import { diagnoseStore } from './diagnose-store.ts'
import { problem, type Finding } from './judges/finding.ts'

/** What `cart doctor` asks the surroundings. Nothing here changes anything. */

/** No check takes longer, whatever it meets. */
const CHECK_TIMEOUT_MS = 12_000

/** Everything that was looked at, in the order in which one thing rests on the other. Never rejects. */
export async function diagnose(config: Config): Promise<Finding[]> {
  const groups = await Promise.all([
    bounded('kafka', 'Is the broker overloaded, or a firewall in between?', diagnoseKafka(config)),
    bounded('registry', 'Is the registry overloaded?', diagnoseRegistry(config)),
    bounded('store', 'Is the disk in order?', diagnoseStore(config)),
  ])
  return groups.flat()
}

/** A check that hangs or fails unforeseen is a finding as well. */
async function bounded(
  check: string,
  action: string,
  findings: Promise<Finding[]>,
): Promise<Finding[]> {
  const over = new AbortController()
  const late = systemClock
    .sleep(CHECK_TIMEOUT_MS, over.signal)
    .then((): Finding[] => [problem(check, `no result within ${CHECK_TIMEOUT_MS} ms`, action)])
  try {
    return await Promise.race([findings, late])
  } catch (error) {
    return [problem(check, describe(error), action)]
  } finally {
    over.abort()
  }
}
