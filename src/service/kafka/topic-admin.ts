import { createTopicsV5, ResponseError } from '@platformatic/kafka'
import type { Clock } from '../../business/ports.ts'
import { errorName } from './broker-errors.ts'
import { TopicMissingError, type KafkaCluster } from './cluster.ts'
import type { TopicLayout } from './topic-layout.ts'

export interface WantedTopic {
  readonly partitionCount: number
  /** Undefined leaves it to the broker's default. */
  readonly replicationFactor: number | undefined
}

const CREATE_TIMEOUT_MS = 1_000

const KNOWN_TRIES = 10
const KNOWN_RETRY_MS = 100

/** Kafka's way to say "the broker's default". */
const BROKER_DEFAULT = -1

/**
 * Makes sure that the topic exists; one that is there stays as it is. Resolves with its layout,
 * rejects with a sentence while no broker answers or the topic may not be created.
 */
export async function ensureTopic(
  cluster: KafkaCluster,
  wanted: WantedTopic,
  clock: Pick<Clock, 'sleep'>,
): Promise<TopicLayout> {
  try {
    return await cluster.refresh()
  } catch (error) {
    if (!(error instanceof TopicMissingError)) throw error
  }
  await cluster.askAnyBroker(async (connection) => {
    const topic = {
      name: cluster.topic,
      numPartitions: wanted.partitionCount,
      replicationFactor: wanted.replicationFactor ?? BROKER_DEFAULT,
      assignments: [],
      configs: [],
    }
    await createTopicsV5.api
      .async(connection, [topic], CREATE_TIMEOUT_MS, false)
      .catch((error: unknown) => rethrowUnlessExists(error, cluster.topic))
  })
  return untilKnown(cluster, clock)
}

/** The broker that is asked may hear of a new topic a moment later than the one that made it. */
async function untilKnown(
  cluster: KafkaCluster,
  clock: Pick<Clock, 'sleep'>,
): Promise<TopicLayout> {
  for (let triesLeft = KNOWN_TRIES; ; triesLeft -= 1) {
    try {
      return await cluster.refresh()
    } catch (error) {
      if (!(error instanceof TopicMissingError) || triesLeft === 0) throw error
      await clock.sleep(KNOWN_RETRY_MS)
    }
  }
}

/** Another instance may have created it in the meantime, which is as good. */
function rethrowUnlessExists(error: unknown, topic: string): void {
  if (!(error instanceof ResponseError) || !('response' in error)) throw error
  const { topics } = error.response as {
    topics: Array<{ errorCode: number; errorMessage: string | null }>
  }
  const failed = topics.find(({ errorCode }) => errorCode !== 0)
  if (failed === undefined) throw error
  const name = errorName(failed.errorCode)
  if (name === 'TOPIC_ALREADY_EXISTS') return
  throw new Error(`cannot create topic ${topic}: ${failed.errorMessage ?? name}`, { cause: error })
}
