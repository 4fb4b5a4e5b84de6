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

/** What a client may do with the topic, by the names of kafka-acls.sh. */
export interface TopicRights {
  readonly topic: string
  /** Kafka's error where the brokers do not even say whether there is such a topic. */
  readonly refusal: string | undefined
  readonly canDescribe: boolean
  readonly canRead: boolean
  readonly canWrite: boolean
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
      rights: rightsOf(cluster.topic, found, partitions.length > 0),
    }
  })
}

function rightsOf(
  topic: string,
  found: Metadata['topics'][number] | undefined,
  exists: boolean,
): TopicRights {
  const error = errorName(found?.errorCode ?? 0)
  const operations = found?.topicAuthorizedOperations ?? 0
  const can = (operation: number): boolean => (operations & (1 << operation)) !== 0
  return {
    topic,
    refusal: exists || error === TOPIC_MISSING ? undefined : error,
    canDescribe: can(AclOperations.DESCRIBE),
    canRead: can(AclOperations.READ),
    canWrite: can(AclOperations.WRITE),
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
