import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import { Admin, ProduceAcks, Producer } from '@platformatic/kafka'
import type { OrderEvent } from '../../src/models/order-event.ts'
import type { OrderId, OrderStatus } from '../../src/models/order.ts'
import { eventHeaders } from '../../src/service/kafka/event-headers.ts'
import { createRegistryClient } from '../../src/service/schema-registry/client.ts'
import { encodeOrder } from '../../src/service/schema-registry/order-codec.ts'
import { systemClock } from '../../src/service/system.ts'
import { infrastructure } from './infrastructure.ts'
import { someEvent } from './some-event.ts'

const REGISTRY_TIMEOUT_MS = 20_000

/** A record as a test wants it on the topic, whether the service would write it or not. */
export interface PlantedRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: ReadonlyArray<readonly [Buffer, Buffer | null]>
  readonly partition?: number
}

/** Makes topics of fresh names, and puts records on them as they are. */
export interface Planter {
  createTopic(partitionCount?: number): Promise<string>
  /** Resolves with the schema's id. */
  register(subject: string, schema: string): Promise<number>
  plant(topic: string, records: readonly PlantedRecord[]): Promise<void>
  /** Of processes that were killed: else the group waits until their sessions end. */
  removeMembers(group: string): Promise<void>
}

export function createPlanter(t: TestContext): Planter {
  const { kafkaBootstrapServers, schemaRegistryUrl } = infrastructure()
  const client = { clientId: 'test-planter', bootstrapBrokers: [kafkaBootstrapServers] }
  const admin = new Admin(client)
  const producer = new Producer(client)
  const registry = createRegistryClient({
    baseUrl: schemaRegistryUrl,
    timeoutMs: REGISTRY_TIMEOUT_MS,
    clock: systemClock,
  })
  t.after(async () => {
    registry.close()
    await producer.close()
    await admin.close()
  })
  return {
    async createTopic(partitionCount = 1) {
      const topic = `orders-${randomUUID()}`
      await admin.createTopics({ topics: [{ topic, partitions: partitionCount, replicas: 1 }] })
      return topic
    },
    async register(subject, schema) {
      const result = await registry.register(subject, schema)
      assert.equal(result.kind, 'registered')
      return result.schemaId
    },
    async plant(topic, records) {
      const messages = records.map(({ key, value, headers, partition = 0 }) => ({
        topic,
        partition,
        // The client takes nulls for what they are; its types know none.
        key: key as Buffer,
        value: value as Buffer,
        headers: new Map(headers) as Map<Buffer, Buffer>,
      }))
      await producer.send({ messages, acks: ProduceAcks.ALL })
    },
    removeMembers: (group) => admin.removeMembersFromConsumerGroup({ groupId: group }),
  }
}

/** An event with an id of its own, as the service writes it. */
export function eventRecord(
  schemaId: number,
  orderId: string,
  version: number,
  status: OrderStatus = 'pending',
): PlantedRecord {
  const type = version === 1 ? 'order-created' : 'order-status-changed'
  const plain = someEvent({ orderId: orderId as OrderId, version, type })
  const event: OrderEvent = { ...plain, order: { ...plain.order, status } }
  return {
    key: Buffer.from(orderId),
    value: Buffer.from(encodeOrder(event.order, schemaId)),
    headers: [...eventHeaders(event)],
  }
}

/** As the service writes it, with the headers that are read here. */
export function tombstoneRecord(orderId: string): PlantedRecord {
  const headers = { ce_type: 'com.ecommerce.order.erased', ce_subject: orderId }
  return {
    key: Buffer.from(orderId),
    value: null,
    headers: Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)]),
  }
}

/** The same record with another value for a header; null takes the header away. */
export function withHeader(
  record: PlantedRecord,
  name: string,
  value: string | Buffer | null,
): PlantedRecord {
  const others = record.headers.filter(([other]) => other.toString() !== name)
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  const added = bytes === null ? [] : [[Buffer.from(name), bytes] as const]
  return { ...record, headers: [...others, ...added] }
}
