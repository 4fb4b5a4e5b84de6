import type { Config } from '../../config/config.ts'
import type { PendingEvent } from '../../models/order-event.ts'
import { findLargeEvents } from '../../service/kafka/record-size.ts'
import { systemClock } from '../../service/system.ts'
import { diagnoseCallers } from './diagnose-callers.ts'
import { diagnoseKafka } from './diagnose-kafka.ts'
import { diagnoseLag } from './diagnose-lag.ts'
import { diagnoseRegistry } from './diagnose-registry.ts'
import { diagnoseStore } from './diagnose-store.ts'
import { describe, type Diagnosis } from './diagnosis.ts'
import { topicCommands } from './commands.ts'
import { notExamined, problem, type Finding } from './judges/finding.ts'
import { judgeClock } from './judges/judge-clock.ts'
import { judgeKeys } from './judges/judge-keys.ts'
import { LAG_CHECK } from './judges/judge-lag.ts'
import { judgePending } from './judges/judge-pending.ts'
import { limitsOf, type TopicLimits } from './judges/judge-topic.ts'
import type { WatchCheck } from './watch-checks.ts'

/** The questions of `cart doctor` to its surroundings. Nothing here changes anything. */

/** No check takes longer, whatever it meets. */
const CHECK_TIMEOUT_MS = 12_000

/** Of a check that did not come to it. */
const UNKNOWN = { failure: 'see what is above' }

/** Everything that was looked at, in the order in which one thing rests on the other. Never rejects. */
export async function diagnose(config: Config, watch: WatchCheck): Promise<Finding[]> {
  const look = (check: string, action: string, diagnosis: Promise<Diagnosis>): Promise<Diagnosis> =>
    watch(check, bounded(check, action, diagnosis))
  const [kafka, registry, store, lag, callers] = await Promise.all([
    look('kafka', 'Is the broker overloaded, or a firewall in between?', diagnoseKafka(config)),
    look('registry', 'Is the registry overloaded?', diagnoseRegistry(config)),
    look('store', 'Is the disk in order?', diagnoseStore(config)),
    look(LAG_CHECK, 'Is a broker overloaded, or the database?', diagnoseLag(config)),
    look('callers', 'Is the identity provider overloaded?', diagnoseCallers(config)),
  ])
  const limits = limitsOf(kafka.topic)
  return [
    ...kafka.findings,
    ...registry.findings,
    judgeKeys(config.kafkaKeyFormat, [kafka.keys ?? UNKNOWN, registry.keys ?? UNKNOWN]),
    judgeClock(registry.clock ?? UNKNOWN, limits.aheadMaxMs),
    ...store.findings,
    ...lag.findings,
    ...diagnosePending(store.pending, limits, config),
    ...callers.findings,
  ]
}

function diagnosePending(
  pending: readonly PendingEvent[] | undefined,
  { maxMessageBytes }: TopicLimits,
  { kafkaBootstrapServers, kafkaSecurity, kafkaTopic }: Config,
): Finding[] {
  if (pending === undefined) return [notExamined('pending events', 'store')]
  if (pending.length === 0) return []
  if (maxMessageBytes === undefined) return [notExamined('pending events', `topic ${kafkaTopic}`)]
  const large = findLargeEvents(pending, maxMessageBytes)
  const commands = topicCommands(kafkaBootstrapServers, kafkaSecurity, kafkaTopic)
  return judgePending(large, maxMessageBytes, commands)
}

/** A check that hangs or fails unforeseen is a finding as well. */
async function bounded(
  check: string,
  action: string,
  diagnosis: Promise<Diagnosis>,
): Promise<Diagnosis> {
  const failed = (detail: string): Diagnosis => ({ findings: [problem(check, detail, action)] })
  const over = new AbortController()
  const late = systemClock
    .sleep(CHECK_TIMEOUT_MS, over.signal)
    .then(() => failed(`no result within ${CHECK_TIMEOUT_MS} ms`))
  try {
    return await Promise.race([diagnosis, late])
  } catch (error) {
    return failed(describe(error))
  } finally {
    over.abort()
  }
}
