import {
  AclOperations,
  ConfigResourceTypes,
  describeConfigsV4,
  metadataV10,
  ResponseError,
  type Connection,
} from '@platformatic/kafka'
import type { Broker } from './broker-connection.ts'
import { errorName } from './broker-errors.ts'
import type { KafkaCluster } from './cluster.ts'

const TOPIC_MISSING = 'UNKNOWN_TOPIC_OR_PARTITION'

/** `topic_authorized_operations` of a broker that does not say: the default of Kafka's protocol. */
const RIGHTS_NOT_SAID = -(2 ** 31)

export interface PartitionFacts {
  readonly hasLeader: boolean
  readonly replicaCount: number
  readonly inSyncCount: number
}

export interface TopicFacts {
  readonly topic: string
  readonly partitions: readonly PartitionFacts[]
  /** Those that were asked for, by Kafka's names; undefined where the brokers do not say. */
  readonly settings: ReadonlyMap<string, string> | undefined
}

/** The rights on a topic that the service uses, by the names of kafka-acls.sh. */
export type UsedRight = 'Describe' | 'Read' | 'Write'

/** The rights of a client on the topic. */
export interface TopicRights {
  readonly topic: string
  /** Kafka's error where the brokers do not even say whether there is such a topic. */
  readonly refusal: string | undefined
  /** Undefined where the brokers do not say. */
  readonly allowed: Readonly<Record<UsedRight, boolean>> | undefined
}

/** As the cluster tells them to a client: how it calls its brokers, and what it knows of the topic. */
export interface ClusterFacts {
  readonly brokers: readonly Broker[]
  /** Undefined: there is no such topic, or it is hidden from this client. */
  readonly topic: TopicFacts | undefined
  readonly rights: TopicRights
}

type Metadata = Awaited<ReturnType<typeof metadataV10.api.async>>

/** Rejects with a sentence when no broker answers in Kafka's protocol. */
export function readClusterFacts(
  cluster: KafkaCluster,
  settingNames: readonly string[],
): Promise<ClusterFacts> {
  return cluster.askAnyBroker(async (connection) => {
    const { brokers, topics } = await askMetadata(connection, cluster.topic)
    const found = topics[0]
    const partitions = (found?.partitions ?? []).map((partition) => ({
      hasLeader: partition.leaderId >= 0,
      replicaCount: partition.replicaNodes.length,
      inSyncCount: partition.isrNodes.length,
    }))
    const topic =
      partitions.length === 0
        ? undefined
        : {
            topic: cluster.topic,
            partitions,
            settings: await readSettings(connection, cluster, settingNames),
          }
    return {
      brokers: brokers.map(({ host, port }) => ({ host, port })),
      topic,
      rights: readRights(cluster.topic, found, partitions.length > 0),
    }
  })
}

/** `found`: how the brokers answered for the topic; `exists`: with partitions. */
export function readRights(
  topic: string,
  found: Pick<Metadata['topics'][number], 'errorCode' | 'topicAuthorizedOperations'> | undefined,
  exists: boolean,
): TopicRights {
  const error = errorName(found?.errorCode ?? 0)
  const refusal = exists || error === TOPIC_MISSING ? undefined : error
  const operations = found?.topicAuthorizedOperations ?? RIGHTS_NOT_SAID
  // A topic that is hidden comes without its operations: none of ours is allowed.
  const isSaid = operations !== RIGHTS_NOT_SAID || refusal !== undefined
  const can = (operation: number): boolean => (operations & (1 << operation)) !== 0
  return {
    topic,
    refusal,
    allowed: isSaid
      ? {
          Describe: can(AclOperations.DESCRIBE),
          Read: can(AclOperations.READ),
          Write: can(AclOperations.WRITE),
        }
      : undefined,
  }
}

/** A missing topic or a missing leader is an error to the client, and an answer here. */
async function askMetadata(connection: Connection, topic: string): Promise<Metadata> {
  return metadataV10.api.async(connection, [topic], false, true).catch((error: unknown) => {
    if (error instanceof ResponseError && 'response' in error) return error.response as Metadata
    throw error
  })
}

/** Undefined where this client may not ask for them. */
async function readSettings(
  connection: Connection,
  { topic }: KafkaCluster,
  names: readonly string[],
): Promise<TopicFacts['settings']> {
  const resource = {
    resourceType: ConfigResourceTypes.TOPIC,
    resourceName: topic,
    configurationKeys: [...names],
  }
  const answer = await describeConfigsV4.api
    .async(connection, [resource], false, false)
    .catch((error: unknown) => {
      if (error instanceof ResponseError) return undefined
      throw error
    })
  const configs = answer?.results[0]?.configs
  return configs && new Map(configs.map(({ name, value }) => [name, value ?? '']))
}
