import { visibleJson } from './visible-text.ts'

/** The same request, or the record of an event, for a shell and for Python, with the real addresses. */

export interface Addresses {
  /** Of the service, with its path where it stands behind a prefix, without a slash at the end. */
  readonly service: string
  /** `host:port`, several separated by commas. */
  readonly kafka: string
  readonly registry: string
}

export interface Place {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT'
  /** Without a slash at its beginning. */
  readonly path: string
  readonly body?: unknown
}

export function asCurl({ service }: Addresses, { method, path, body }: Request): string {
  const parts = [`curl -X ${method} ${shellQuote(`${service}/${path}`)}`]
  if (body !== undefined) {
    parts.push("-H 'content-type: application/json'", `-d ${shellQuote(visibleJson(body))}`)
  }
  return parts.join(' \\\n  ')
}

/** JSON text of strings and numbers is Python text, too. */
export function asPython({ service }: Addresses, { method, path, body }: Request): string {
  const json = body === undefined ? '' : `, json=${visibleJson(body)}`
  const url = JSON.stringify(`${service}/${path}`)
  return [
    'import requests',
    '',
    `answer = requests.request("${method}", ${url}${json}, timeout=30)`,
    'print(answer.status_code, answer.json())',
  ].join('\n')
}

/** Without the value: not every kcat is built to decode Avro. */
export function recordAsKcat({ kafka }: Addresses, { topic, partition, offset }: Place): string {
  return [
    `kcat -b ${shellQuote(kafka)} -t ${shellQuote(topic)} -C -p ${partition} -o ${offset} -c 1`,
    String.raw`-f '%p@%o %k %S bytes\n%h\n'`,
  ].join(' \\\n  ')
}

export function recordAsPython(
  { kafka, registry }: Addresses,
  { topic, partition, offset }: Place,
): string {
  return `from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

topic = ${JSON.stringify(topic)}
read_order = AvroDeserializer(SchemaRegistryClient({"url": ${JSON.stringify(registry)}}))
consumer = Consumer({"bootstrap.servers": ${JSON.stringify(kafka)}, "group.id": "look", "enable.auto.commit": False})
consumer.assign([TopicPartition(topic, ${partition}, ${offset})])
record = consumer.poll(10)
print(record.key(), record.headers())
print(read_order(record.value(), SerializationContext(topic, MessageField.VALUE)))
consumer.close()`
}

function shellQuote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
