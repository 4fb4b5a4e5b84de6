import { metadataV10 } from '@platformatic/kafka'
import type { SourceDeps } from './partition-source.ts'
import { readRanges, type OffsetRange } from './topic-ranges.ts'

/** Which topic it is, and what it holds at this moment. */
export interface TopicMarks {
  /** Of the Kafka cluster; null where it has none. */
  readonly clusterId: string | null
  readonly topic: string
  /** Another one after the topic was deleted and made anew. */
  readonly topicId: string
  /** By partition. */
  readonly ranges: readonly OffsetRange[]
}

export async function readTopicMarks(deps: SourceDeps): Promise<TopicMarks> {
  const { cluster } = deps
  const { topicId } = await cluster.refresh()
  const { clusterId } = await cluster.askAnyBroker((connection) =>
    metadataV10.api.async(connection, [], false),
  )
  return {
    clusterId: clusterId ?? null,
    topic: cluster.topic,
    topicId,
    ranges: await readRanges(deps),
  }
}
