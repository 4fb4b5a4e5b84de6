import type { Broker } from './broker-connection.ts'

/** Of a topic from before brokers numbered them. */
const NO_TOPIC_ID = '00000000-0000-0000-0000-000000000000'

export interface PartitionLeader {
  readonly broker: Broker
  /** Grows with each election. A broker that is asked with it says whether it leads in this one. */
  readonly epoch: number
}

export interface TopicLayout {
  /** Another one after the topic was deleted and made anew. */
  readonly topicId: string
  readonly partitionCount: number
  /** Leader per partition; undefined while an election runs. */
  readonly leaders: ReadonlyArray<PartitionLeader | undefined>
}

/**
 * Brokers learn of elections and of new partitions one after the other, so an answer may be older than
 * the one before. A topic never loses a partition but by being made anew, and no leader's epoch falls.
 */
export function newestLayout(before: TopicLayout | undefined, answer: TopicLayout): TopicLayout {
  if (before?.topicId !== answer.topicId || answer.topicId === NO_TOPIC_ID) return answer
  const partitionCount = Math.max(before.partitionCount, answer.partitionCount)
  const leaders = Array.from({ length: partitionCount }, (_, partition) => {
    const [earlier, leader] = [before.leaders[partition], answer.leaders[partition]]
    const isOlder = earlier !== undefined && leader !== undefined && leader.epoch < earlier.epoch
    return isOlder ? earlier : leader
  })
  return { topicId: answer.topicId, partitionCount, leaders }
}
