import type { EventContract, EventExample, HeaderRule } from '../models/event-contract.ts'
import type { OrderEventType } from '../models/order-event.ts'
import { withoutCredentials, type ServiceInfo } from './controllers/health-controller.ts'

/** The events as an AsyncAPI 3.0 document. Source: asyncapi.com, its bindings for Kafka 0.5.0. */

const BINDING_VERSION = '0.5.0'

const AVRO_SCHEMA_FORMAT = 'application/vnd.apache.avro;version=1.9.0'

const MESSAGES: Readonly<Record<OrderEventType, { name: string; title: string; summary: string }>> =
  {
    'order-created': {
      name: 'OrderCreated',
      title: 'An order was created',
      summary: 'The first event of an order: its version is 1.',
    },
    'order-status-changed': {
      name: 'OrderStatusChanged',
      title: 'The status of an order was changed',
      summary: 'Every later event of an order. The value is the whole order with its new status.',
    },
  }

const DESCRIPTION = `Every change of an order is one event: the whole order as it is after the change. It is on the
topic before the service answers the request with success.

Drop what you have seen, by \`ce_id\` and \`ce_sequence\`: a consumer that dies before it has committed its
offset reads a message twice. Ignore a \`ce_type\` and fields that you do not know.`

const CHANNEL_DESCRIPTION = `All events of an order are in one partition, in the order of their versions. The partition is
murmur2 of the bytes of the key modulo the number of partitions, as the Java client has it.`

export type AsyncApi = ReturnType<typeof createAsyncApi>

export type AsyncApiMessage = ReturnType<typeof messageOf>

export function createAsyncApi(contract: EventContract, info: ServiceInfo) {
  const messages = contract.kinds.map((kind) => messageOf(contract, kind))
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'CartService order events',
      version: info.version,
      description: DESCRIPTION,
      license: { name: 'Apache License 2.0' },
    },
    defaultContentType: 'application/avro',
    servers: serversOf(info),
    channels: {
      orderEvents: {
        address: contract.topic,
        title: 'Order events',
        description: CHANNEL_DESCRIPTION,
        messages: Object.fromEntries(messages.map((message) => [message.name, message])),
        bindings: { kafka: { topic: contract.topic, bindingVersion: BINDING_VERSION } },
      },
    },
    operations: {
      sendOrderEvent: {
        action: 'send',
        channel: { $ref: '#/channels/orderEvents' },
        title: 'Publish a change of an order',
        summary: 'By an idempotent producer with acks=all, one event for each change.',
        messages: messages.map(({ name }) => ({ $ref: `#/channels/orderEvents/messages/${name}` })),
      },
    },
  }
}

function serversOf(info: ServiceInfo) {
  const schemaRegistryUrl = withoutCredentials(info.schemaRegistryUrl)
  const servers = info.kafkaBootstrapServers
    .split(',')
    .map((host, index) => [`kafka${index + 1}`, serverOf(host, schemaRegistryUrl)] as const)
  return Object.fromEntries(servers)
}

function serverOf(host: string, schemaRegistryUrl: string) {
  return {
    host,
    protocol: 'kafka',
    description: 'A broker that the service asks first.',
    bindings: { kafka: { schemaRegistryUrl, bindingVersion: BINDING_VERSION } },
  }
}

function messageOf(contract: EventContract, kind: EventContract['kinds'][number]) {
  const { name, title, summary } = MESSAGES[kind.type]
  return {
    name,
    title,
    summary,
    description: describeValue(contract),
    contentType: 'application/avro',
    headers: headersSchema(kind.headers),
    payload: {
      schemaFormat: AVRO_SCHEMA_FORMAT,
      schema: JSON.parse(contract.valueSchemaText) as object,
    },
    bindings: {
      kafka: {
        key: keySchema(contract, kind.example),
        schemaIdLocation: 'payload',
        schemaIdPayloadEncoding: 'confluent',
        schemaLookupStrategy: 'TopicNameStrategy',
        bindingVersion: BINDING_VERSION,
      },
    },
    examples: [
      { name, summary: title, headers: kind.example.headers, payload: kind.example.payload },
    ],
  }
}

function describeValue({ valueSubject }: EventContract): string {
  return `The value is in the wire format of the Confluent Schema Registry: byte 0, the schema id as 4 bytes
big-endian, then Avro binary. The schema is under the subject \`${valueSubject}\`. Take the id from each
message: earlier events keep that of their schema.`
}

function headersSchema(rules: readonly HeaderRule[]) {
  const properties = rules.map(({ name, description, schema }) => [
    name,
    { ...schema, description },
  ])
  return {
    type: 'object',
    required: rules.filter(({ isRequired }) => isRequired).map(({ name }) => name),
    properties: Object.fromEntries(properties) as Record<
      string,
      HeaderRule['schema'] & { description: string }
    >,
  }
}

function keySchema({ keySubject }: EventContract, { key }: EventExample) {
  const description =
    keySubject === undefined
      ? 'The order id as UTF-8, nothing else.'
      : `The order id as Avro "string" in the wire format of the Schema Registry, under the subject ${keySubject}.`
  return { type: 'string', description, examples: [key] }
}
