/**
 * Facts that only an attempt shows: whether the brokers know every request that the service sends,
 * whether they say who wrote to a partition, and whether the topic could be created. Nothing is changed.
 */

import { TLSSocket } from 'node:tls'
import {
  apiVersionsV0,
  createTopicsV5,
  describeProducersV0,
  ResponseError,
  type Connection,
} from '@platformatic/kafka'
import type { Broker } from './broker-connection.ts'
import { describeError, errorName } from './broker-errors.ts'
import type { KafkaCluster } from './cluster.ts'
import type { WantedTopic } from './topic-admin.ts'
import { findUnknownRequests, type UnknownRequest } from './used-requests.ts'

const CREATE_TIMEOUT_MS = 1_000

/** Kafka's way to say "the broker's default". */
const BROKER_DEFAULT = -1

/** A broker of a ZooKeeper cluster that is not the controller says nothing of the topic. */
const ASK_ANOTHER = 'NOT_CONTROLLER'

export interface BrokerRequests {
  /** As `host:port`. */
  readonly broker: string
  readonly unknown: readonly UnknownRequest[]
}

/** Of the brokers that answer; those that do not are left out. */
export async function readBrokerRequests(
  cluster: KafkaCluster,
  brokers: readonly Broker[],
): Promise<BrokerRequests[]> {
  const answers = await Promise.allSettled(
    brokers.map(async (broker) => {
      const { apiKeys } = await cluster.withConnection(broker, askVersions)
      return { broker: `${broker.host}:${broker.port}`, unknown: findUnknownRequests(apiKeys) }
    }),
  )
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
}

function askVersions(connection: Connection) {
  return apiVersionsV0.api.async(connection, '', '')
}

/** How a broker is reached: what its certificate says, or why not. */
export interface BrokerIdentity {
  /** As `host:port`. */
  readonly broker: string
  readonly validity: { readonly fromMs: number; readonly untilMs: number } | undefined
  readonly failure: string | undefined
}

/** Each broker by itself: the name that it advertises must be in its certificate. */
export function readBrokerIdentities(
  cluster: KafkaCluster,
  brokers: readonly Broker[],
): Promise<BrokerIdentity[]> {
  return Promise.all(
    brokers.map(async (broker) => {
      const name = `${broker.host}:${broker.port}`
      try {
        const validity = await cluster.withConnection(broker, async ({ socket }) => {
          if (!(socket instanceof TLSSocket)) return undefined
          const { valid_from: from, valid_to: until } = socket.getPeerCertificate()
          return { fromMs: Date.parse(from), untilMs: Date.parse(until) }
        })
        return { broker: name, validity, failure: undefined }
      } catch (error) {
        return { broker: name, validity: undefined, failure: describeError(error) }
      }
    }),
  )
}

/** A leader does not say who wrote to a partition, which the service asks after an incident. */
export interface SilentPartition {
  readonly partition: number
  /** Kafka's name of the error, or what the client saw. */
  readonly reason: string
}

type LeaderAsker = Pick<KafkaCluster, 'topic' | 'leaderOf' | 'withConnection'>

/** Asks each leader once. A partition that lost its leader since the metadata is one of them. */
export async function findSilentPartitions(
  cluster: LeaderAsker,
  partitions: readonly number[],
): Promise<SilentPartition[]> {
  const byLeader = new Map<Broker, number[]>()
  const leaderless: SilentPartition[] = []
  for (const partition of partitions) {
    try {
      const { broker: leader } = await cluster.leaderOf(partition)
      byLeader.set(leader, [...(byLeader.get(leader) ?? []), partition])
    } catch (error) {
      leaderless.push({ partition, reason: describeError(error) })
    }
  }
  const found = await Promise.all(
    Array.from(byLeader, ([leader, led]) => findSilentOf(cluster, leader, led)),
  )
  return [...leaderless, ...found.flat()].toSorted((one, other) => one.partition - other.partition)
}

async function findSilentOf(
  cluster: LeaderAsker,
  leader: Broker,
  partitions: readonly number[],
): Promise<SilentPartition[]> {
  const topic = { name: cluster.topic, partitionIndexes: [...partitions] }
  try {
    await cluster.withConnection(leader, (connection) =>
      describeProducersV0.api.async(connection, [topic]),
    )
    return []
  } catch (error) {
    const refused = readSilent(error)
    if (refused.length > 0) return refused
    return partitions.map((partition) => ({ partition, reason: describeError(error) }))
  }
}

function readSilent(error: unknown): SilentPartition[] {
  if (!(error instanceof ResponseError) || !('response' in error)) return []
  const { topics } = error.response as Awaited<ReturnType<typeof describeProducersV0.api.async>>
  return topics
    .flatMap(({ partitions }) => partitions)
    .filter(({ errorCode }) => errorCode !== 0)
    .map(({ partitionIndex, errorCode }) => ({
      partition: partitionIndex,
      reason: errorName(errorCode),
    }))
}

export interface CreationRefusal {
  /** Kafka's name of the error. */
  readonly error: string
  readonly reason: string
}

/** Why the topic could not be created; undefined: it could. It is not. */
export function checkCreation(
  cluster: KafkaCluster,
  { partitionCount, replicationFactor = BROKER_DEFAULT }: WantedTopic,
): Promise<CreationRefusal | undefined> {
  const topic = {
    name: cluster.topic,
    numPartitions: partitionCount,
    replicationFactor,
    assignments: [],
    configs: [],
  }
  return cluster.askAnyBroker(async (connection) => {
    try {
      await createTopicsV5.api.async(connection, [topic], CREATE_TIMEOUT_MS, true)
      return undefined
    } catch (error) {
      return readRefusal(error)
    }
  })
}

function readRefusal(error: unknown): CreationRefusal {
  if (!(error instanceof ResponseError) || !('response' in error)) throw error
  const { topics } = error.response as Awaited<ReturnType<typeof createTopicsV5.api.async>>
  const refused = topics.find(({ errorCode }) => errorCode !== 0)
  const name = errorName(refused?.errorCode ?? 0)
  if (refused === undefined || name === ASK_ANOTHER) throw error
  return { error: name, reason: refused.errorMessage ?? name }
}
