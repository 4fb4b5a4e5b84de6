import process from 'node:process'
import { parseArgs } from 'node:util'
import { Admin, Consumer, ProduceAcks, Producer, type Message } from '@platformatic/kafka'
import { openOrderState, type OrderEvent, type Receipt } from './order-state.ts'
import { createReadEvent, UnusableEvent } from './read-event.ts'
import { visible } from './visible-text.ts'

/**
 * Applies the order events of CartService to a database, each of them once and in the order of its
 * versions. What cannot be used goes to a dead-letter topic. Prints a line for each message:
 *
 *     partition:offset what became of it
 *
 * The offset is committed when the work is done, not before. Any failure that is not the message's
 * fault (Kafka, registry or database) ends the process: start it again, and it goes on where it was.
 */

/** Two events claim to be one version of an order. */
class VersionTaken extends UnusableEvent {}

/** So soon the group does without a process that was killed. */
const SESSION_TIMEOUT_MS = 10_000

const { values: options } = parseArgs({
  options: {
    'bootstrap-servers': { type: 'string', default: 'localhost:9092' },
    'schema-registry': { type: 'string', default: 'http://localhost:8081' },
    topic: { type: 'string', default: 'order-events' },
    'dead-letter-topic': { type: 'string' },
    group: { type: 'string', default: 'apply-events-typescript' },
    database: { type: 'string', default: 'orders.db' },
    'accept-gaps': { type: 'boolean', default: false },
  },
})
/** Never the topic itself, where its letters would be read again and again. */
const deadLetterTopic = options['dead-letter-topic'] ?? `${options.topic}.dead-letter`
const client = {
  clientId: options.group,
  bootstrapBrokers: options['bootstrap-servers'].split(','),
}

async function createDeadLetterTopic(): Promise<void> {
  const admin = new Admin(client)
  const topics = await admin.listTopics()
  if (!topics.includes(deadLetterTopic)) {
    await admin.createTopics({ topics: [{ topic: deadLetterTopic, partitions: 1 }] })
  }
  await admin.close()
}

/** As Kafka Connect writes them, in text. Those of an earlier dead letter stay. */
function deadLetterHeaders(message: Message, error: UnusableEvent): Map<Buffer, Buffer> {
  const names = new Set(message.headerEntries.map(([name]) => name.toString()))
  const context = {
    topic: message.topic,
    partition: message.partition,
    offset: message.offset,
    'connector.name': options.group,
    'exception.class.name': error.constructor.name,
    'exception.message': error.message,
  }
  const added = Object.entries(context)
    .map(([name, value]) => [`__connect.errors.${name}`, String(value)] as const)
    .filter(([name]) => !names.has(name))
    .map(([name, value]) => [Buffer.from(name), Buffer.from(value)] as const)
  // Two headers may have one name: as keys of this map they are two, being two Buffers.
  return new Map([...message.headerEntries, ...added])
}

/** What became of the event, for the people who read the log. */
function tell({ order, sequence }: OrderEvent, receipt: Receipt): string {
  const subject = `${order.orderId} version ${sequence}`
  switch (receipt.kind) {
    case 'applied':
      return `applied ${order.orderId} version ${receipt.sequences.join(', ')}`
    case 'repeated':
      return `dropped ${subject}: repeated`
    case 'waiting':
      return `kept ${subject}: GAP, version ${receipt.missing} is missing`
    case 'late':
      return `dropped ${subject}: its gap was accepted`
    case 'contradicted':
      throw new VersionTaken(`event ${receipt.knownId} is ${subject} too`)
  }
}

async function main(): Promise<void> {
  await using open = new AsyncDisposableStack()
  const state = open.adopt(openOrderState(options.database), (opened) => opened.close())
  if (options['accept-gaps']) {
    for (const { orderId, firstMissing, lastMissing } of state.acceptGaps()) {
      console.log(visible(`accepted ${orderId} without versions ${firstMissing} to ${lastMissing}`))
    }
  }
  await createDeadLetterTopic()
  const producer = open.adopt(new Producer(client), (opened) => opened.close())
  const group = { groupId: options.group, sessionTimeout: SESSION_TIMEOUT_MS }
  const consumer = open.adopt(new Consumer({ ...client, ...group }), (opened) => opened.close())
  const readEvent = createReadEvent(options['schema-registry'])

  const handle = async (message: Message): Promise<string> => {
    try {
      const event = await readEvent(message)
      if ('erasedOrderId' in event) {
        state.forgetWaiting(event.erasedOrderId)
        return `forgot what waited of ${event.erasedOrderId}: erased`
      }
      return tell(event, state.receive(event))
    } catch (error) {
      if (!(error instanceof UnusableEvent)) throw error
      const { key, value, timestamp } = message
      const headers = deadLetterHeaders(message, error)
      const letter = { topic: deadLetterTopic, key, value, timestamp, headers }
      await producer.send({ messages: [letter], acks: ProduceAcks.ALL })
      return `dead letter, ${error.constructor.name}: ${error.message}`
    }
  }

  const messages = await consumer.consume({
    topics: [options.topic],
    // A new group starts with the oldest event: to start elsewhere is to start with gaps.
    mode: 'committed',
    fallbackMode: 'earliest',
    autocommit: false,
  })
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void messages.close())
  for await (const message of messages) {
    console.log(visible(`${message.partition}:${message.offset} ${await handle(message)}`))
    await message.commit()
  }
}

await main()
