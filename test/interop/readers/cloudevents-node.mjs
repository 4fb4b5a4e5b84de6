// Reads the events by the CloudEvents SDK for JavaScript, whose package is where readers.sh has put it.
// Prints one line for each, as event_lines.py says.
import { randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { Consumer } from '@platformatic/kafka'
import avro from 'avsc'

const text = /** @type {const} */ ({ type: 'string' })
const { values: options } = parseArgs({
  options: {
    'bootstrap-servers': text,
    'schema-registry': text,
    topic: text,
    'key-format': text,
    count: text,
    packages: text,
  },
})
const { Kafka } = createRequire(String(options.packages) + '/')('cloudevents')

const types = new Map()

async function decode(bytes) {
  const id = bytes.readInt32BE(1)
  if (!types.has(id)) {
    const response = await fetch(`${String(options['schema-registry'])}/schemas/ids/${id}`)
    const { schema } = await response.json()
    types.set(id, avro.Type.forSchema(JSON.parse(schema)))
  }
  return types.get(id).fromBuffer(bytes.subarray(5))
}

function hexOf(value) {
  return Buffer.from(value).toString('hex')
}

function bitsOf(amount) {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(amount)
  return bytes.toString('hex')
}

async function lineOf({ partition, offset, key, value, headerEntries }) {
  const headers = Object.fromEntries(headerEntries.map((entry) => entry.map(String)))
  const event = Kafka.toEvent({ headers, key: null, value, body: value, timestamp: '0' })
  const order = await decode(event.data)
  const orderId = options['key-format'] === 'avro' ? await decode(key) : key.toString()
  const items = order.items.map(
    ({ itemId, quantity, price }) => `${hexOf(itemId)}/${quantity}/${bitsOf(price)}`,
  )
  return [
    partition,
    offset,
    hexOf(orderId),
    event.id,
    event.source,
    event.type,
    hexOf(event.subject),
    event.time,
    event.sequence,
    event.datacontenttype,
    hexOf(order.orderId),
    hexOf(order.customerId),
    order.orderDate,
    order.currency,
    order.status,
    bitsOf(order.totalAmount),
    items.join(','),
  ].join(' ')
}

const consumer = new Consumer({
  clientId: 'interop',
  groupId: `interop-${randomUUID()}`,
  bootstrapBrokers: options['bootstrap-servers'].split(','),
})
/** @type {AsyncIterable<any>} */
const messages = await consumer.consume({ topics: [options.topic], mode: 'earliest' })
let left = Number(options.count)
for await (const message of messages) {
  // Events of the replaced service have no headers.
  if (message.headerEntries.length === 0) continue
  process.stdout.write(`${await lineOf(message)}\n`)
  left -= 1
  if (left === 0) break
}
await consumer.close(true)
