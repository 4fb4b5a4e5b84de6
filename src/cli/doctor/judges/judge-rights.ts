import type {
  BrokerRequests,
  CreationRefusal,
  SilentPartition,
} from '../../../service/kafka/client-checks.ts'
import type { TopicRights, UsedRight } from '../../../service/kafka/topic-facts.ts'
import type { UnknownRequest } from '../../../service/kafka/used-requests.ts'
import type { TopicCommands } from './commands.ts'
import { ok, problem, skipped, type Finding } from './finding.ts'

/** Whether every broker that answered knows the requests that the service sends. */
export function judgeRequests(brokers: readonly BrokerRequests[]): Finding[] {
  if (brokers.length === 0) {
    const action = 'Look at the logs of the brokers, then ask again.'
    return [skipped('requests', 'no broker said which requests it knows', action)]
  }
  const lacking = brokers.filter(({ unknown }) => unknown.length > 0)
  if (lacking.length === 0) return [ok('requests', 'the brokers know all that the service sends')]
  const detail = lacking
    .map(({ broker, unknown }) => `${broker} does not know ${unknown.map(describe).join(', ')}`)
    .join('; ')
  return [problem('requests', detail, 'Use brokers of Kafka 2.8 or later, up to 4.x.')]
}

function describe({ name, version, known }: UnknownRequest): string {
  if (known === undefined) return name
  return `${name} in version ${version} (it knows ${known.min} to ${known.max})`
}

/** Whether this client may do all that the service does with a topic. */
export function judgeRights(
  { topic, refusal, allowed }: TopicRights,
  silent: readonly SilentPartition[],
  commands: TopicCommands,
): Finding[] {
  if (refusal !== undefined && !isMissingRight(refusal)) {
    const detail = `the brokers hide topic ${topic}: ${refusal}`
    return [problem('rights', detail, 'Correct KAFKA_TOPIC.')]
  }
  const missing = USED_RIGHTS.filter((name) => allowed?.[name] === false)
  if (missing.length > 0) {
    const names = missing.map((name) => `no ${name}`).join(', ')
    const detail = `${names} on topic ${topic}: ${uses(missing)}`
    return [problem('rights', detail, 'Give them to the service.', commands.allow(missing))]
  }
  if (silent.length > 0) {
    const detail = silent.map(({ partition, reason }) => `${partition} (${reason})`).join(', ')
    return [
      problem(
        'rights',
        `DescribeProducers is not answered for partition ${detail}: no event can be recovered there`,
        'Look at the log of the broker that leads it.',
      ),
    ]
  }
  if (allowed === undefined) {
    const action = 'Ask those who run the brokers whether this client may Describe, Read and Write.'
    return [skipped('rights', `the brokers do not say what is allowed on topic ${topic}`, action)]
  }
  return [ok('rights', `Describe, Read and Write on topic ${topic}`)]
}

const USED_RIGHTS = ['Describe', 'Read', 'Write'] as const satisfies readonly UsedRight[]

const USES: Readonly<Record<UsedRight, string>> = {
  Describe: 'the service does not find the topic',
  Read: 'the service cannot recover an event, nor find one whose answer was lost',
  Write: 'the topic takes no event of the service',
}

function uses(missing: readonly UsedRight[]): string {
  return missing.map((name) => USES[name]).join('; ')
}

/** Whether the service could create the topic that is not there. */
export function judgeCreation(
  topic: string,
  refusal: CreationRefusal | undefined,
  commands: TopicCommands,
): Finding[] {
  if (refusal === undefined) return []
  const { error, reason } = refusal
  const detail = `the service cannot create ${topic}: ${reason}`
  if (isMissingRight(error)) {
    const action = 'Let the service create it, or create it yourself.'
    return [problem('topic creation', detail, action, commands.allow(['Create']))]
  }
  const action =
    'Correct KAFKA_TOPIC, KAFKA_TOPIC_PARTITIONS or KAFKA_TOPIC_REPLICATION_FACTOR, or create the topic yourself.'
  return [problem('topic creation', detail, action)]
}

function isMissingRight(error: string): boolean {
  return error.endsWith('AUTHORIZATION_FAILED')
}
