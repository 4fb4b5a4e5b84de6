import type { Config } from '../../config/config.ts'
import type { PendingEvent } from '../../models/order-event.ts'
import { findLargeEvents } from '../../service/kafka/record-size.ts'
import { bounded, type Check } from './bounded-diagnosis.ts'
import { diagnoseCallers } from './diagnose-callers.ts'
import { diagnoseKafka, kafkaChecks } from './diagnose-kafka.ts'
import { diagnoseLag } from './diagnose-lag.ts'
import { diagnoseRegistry, registryChecks } from './diagnose-registry.ts'
import { diagnoseStore } from './diagnose-store.ts'
import type { Diagnosis } from './diagnosis.ts'
import { topicCommands } from './commands.ts'
import { notExamined, type Finding } from './judges/finding.ts'
import { judgeClock } from './judges/judge-clock.ts'
import { judgeKeys } from './judges/judge-keys.ts'
import { LAG_CHECK } from './judges/judge-lag.ts'
import { judgePending } from './judges/judge-pending.ts'
import { limitsOf, type TopicLimits } from './judges/judge-topic.ts'
import type { WatchCheck } from './watch-checks.ts'

/** The questions of `cart doctor` to its surroundings. Nothing here changes anything. */

/** Of a check that did not come to it. */
const UNKNOWN = { failure: 'see what is above' }

/** Everything that was looked at, in the order in which one thing rests on the other. Never rejects. */
export async function diagnose(config: Config, watch: WatchCheck): Promise<Finding[]> {
  const look = (check: Check, diagnosis: Promise<Diagnosis>): Promise<Diagnosis> =>
    watch(check.name, bounded(check, diagnosis))
  const [kafka, registry, store, lag, callers] = await Promise.all([
    look(
      {
        name: 'kafka',
        action: 'Is the broker overloaded, or a firewall in between?',
        parts: kafkaChecks(config),
      },
      diagnoseKafka(config),
    ),
    look(
      { name: 'registry', action: 'Is the registry overloaded?', parts: registryChecks(config) },
      diagnoseRegistry(config),
    ),
    look({ name: 'store', action: 'Is the disk in order?' }, diagnoseStore(config)),
    look(
      { name: LAG_CHECK, action: 'Is a broker overloaded, or the database?' },
      diagnoseLag(config),
    ),
    look(
      { name: 'callers', action: 'Is the identity provider overloaded?' },
      diagnoseCallers(config),
    ),
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
