import type { PartitionFacts, TopicFacts } from '../../../service/kafka/topic-facts.ts'
import type { TopicCommands } from './commands.ts'
import { ok, problem, warning, type Finding } from './finding.ts'

export const TOPIC_SETTINGS = {
  minInSync: 'min.insync.replicas',
  cleanup: 'cleanup.policy',
  unclean: 'unclean.leader.election.enable',
  maxMessageBytes: 'max.message.bytes',
  aheadMaxMs: 'message.timestamp.after.max.ms',
  /** Before Kafka 3.6, for both directions. */
  differenceMaxMs: 'message.timestamp.difference.max.ms',
  dates: 'message.timestamp.type',
} as const

/** Below these an acknowledged event can be lost with one machine. */
const REPLICAS_WANTED = 3
const IN_SYNC_WANTED = 2

/** The topic refuses an event by these; undefined where that is not known, or nothing is refused. */
export interface TopicLimits {
  readonly maxMessageBytes: number | undefined
  /** How far an event may be dated ahead of the broker's clock. */
  readonly aheadMaxMs: number | undefined
}

export function limitsOf(topic: TopicFacts | undefined): TopicLimits {
  const valueOf = (name: string): number | undefined => {
    const value = topic?.settings?.get(name)
    return value === undefined || value === '' ? undefined : Number(value)
  }
  const isStamped = topic?.settings?.get(TOPIC_SETTINGS.dates) === 'LogAppendTime'
  const aheadMaxMs = valueOf(TOPIC_SETTINGS.aheadMaxMs) ?? valueOf(TOPIC_SETTINGS.differenceMaxMs)
  return {
    maxMessageBytes: valueOf(TOPIC_SETTINGS.maxMessageBytes),
    aheadMaxMs: isStamped ? undefined : aheadMaxMs,
  }
}

/** How the topic compares with what is wanted, and with what makes an acknowledgement worth its name. */
export function judgeTopic(
  facts: TopicFacts,
  wantedPartitionCount: number,
  commands: TopicCommands,
): Finding[] {
  return [
    judgePartitions(facts, wantedPartitionCount),
    judgeReplicas(facts),
    ...judgeSettings(facts, commands),
  ]
}

function judgePartitions({ topic, partitions }: TopicFacts, wanted: number): Finding {
  const leaderless = partitions.flatMap(({ hasLeader }, index) => (hasLeader ? [] : [index]))
  if (leaderless.length > 0) {
    const detail = `without a leader: ${leaderless.join(', ')} of ${partitions.length}`
    return problem('partitions', detail, 'Start the brokers that have their replicas.')
  }
  if (partitions.length === wanted) return ok('partitions', `${wanted}, all with a leader`)
  const detail = `${partitions.length}, and KAFKA_TOPIC_PARTITIONS is ${wanted}`
  const action = `Set KAFKA_TOPIC_PARTITIONS=${partitions.length}: an existing topic keeps its partitions, and more of them would move orders of ${topic}.`
  return warning('partitions', detail, action)
}

function judgeReplicas({ topic, partitions, settings }: TopicFacts): Finding {
  const replicaCount = leastOf(partitions, ({ replicaCount: count }) => count)
  const inSyncCount = leastOf(partitions, ({ inSyncCount: count }) => count)
  const minInSync = Number(settings?.get(TOPIC_SETTINGS.minInSync) ?? 1)
  if (inSyncCount < minInSync) {
    const detail = `${inSyncCount} in sync, and min.insync.replicas is ${minInSync}: no event is accepted`
    return problem('replication', detail, 'Start the brokers that are missing.')
  }
  if (partitions.some((partition) => partition.inSyncCount < partition.replicaCount)) {
    const detail = `${inSyncCount} of ${replicaCount} replicas in sync`
    return warning('replication', detail, 'Start the brokers that are missing, or wait for them.')
  }
  if (replicaCount >= REPLICAS_WANTED) return ok('replication', `${replicaCount} replicas, in sync`)
  const detail = `${replicaCount} ${replicaCount === 1 ? 'replica' : 'replicas'}: acknowledged events are lost with the disk`
  const action = `For production, give ${topic} ${REPLICAS_WANTED} replicas (kafka-reassign-partitions.sh), and set KAFKA_TOPIC_REPLICATION_FACTOR=${REPLICAS_WANTED} for new topics.`
  return warning('replication', detail, action)
}

function judgeSettings({ settings }: TopicFacts, { allow, alter }: TopicCommands): Finding[] {
  if (settings === undefined) {
    const detail = 'the brokers do not show them to this client'
    const action = 'Let this client see them, or ask those who run the brokers.'
    return [warning('topic settings', detail, action, allow(['DescribeConfigs']))]
  }
  const findings: Finding[] = []
  const minInSync = settings.get(TOPIC_SETTINGS.minInSync) ?? '1'
  findings.push(
    Number(minInSync) < IN_SYNC_WANTED
      ? warning(
          'min.insync.replicas',
          `${minInSync}: an acknowledgement may come from one broker alone`,
          `For production, with ${REPLICAS_WANTED} replicas, set it to ${IN_SYNC_WANTED}.`,
          alter(`min.insync.replicas=${IN_SYNC_WANTED}`),
        )
      : ok('min.insync.replicas', minInSync),
  )
  const cleanup = settings.get(TOPIC_SETTINGS.cleanup) ?? 'delete'
  findings.push(
    cleanup.includes('compact')
      ? warning(
          'cleanup.policy',
          `${cleanup}: older events of an order are thrown away`,
          'Let the topic keep every event.',
          alter('cleanup.policy=delete'),
        )
      : ok('cleanup.policy', cleanup),
  )
  if (settings.get(TOPIC_SETTINGS.unclean) === 'true') {
    const detail = 'enabled: brokers may forget what they acknowledged'
    const command = alter('unclean.leader.election.enable=false')
    findings.push(warning('unclean leader election', detail, 'Switch it off.', command))
  }
  return findings
}

function leastOf(
  partitions: readonly PartitionFacts[],
  count: (partition: PartitionFacts) => number,
): number {
  return Math.min(...partitions.map(count))
}
