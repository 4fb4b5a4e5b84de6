import { Type, type Static, type TSchema } from 'typebox'
import type { SettledEvent } from '../../business/ports.ts'
import { CLOUD_EVENT_TYPES, ORDER_EVENT_TYPES } from '../../models/order-event.ts'
import { ORDER_STATUSES, type OrderStatus } from '../../models/order.ts'
import { writeCsv, type CsvColumns } from '../csv.ts'
import { LIST_MEDIA_TYPES } from '../list-format.ts'
import { EXAMPLE_ORDER, type OrderJson } from './order-json.ts'

const nextCursor = Type.Union([Type.String(), Type.Null()], {
  description: 'For the next page; null at the end.',
})

export const orderEventSchema = Type.Object({
  eventId: Type.String({ description: 'ce_id: a UUID v7.' }),
  type: Type.String({
    description: 'ce_type.',
    enum: ORDER_EVENT_TYPES.map((type) => CLOUD_EVENT_TYPES[type]),
  }),
  version: Type.Integer({ description: 'ce_sequence: from 1, without gaps.' }),
  time: Type.String({ description: 'ce_time: ISO 8601, UTC, with Z.' }),
  status: Type.Unsafe<OrderStatus>(Type.String({ enum: [...ORDER_STATUSES] })),
  topic: Type.String(),
  partition: Type.Integer(),
  offset: Type.Integer({ format: 'int64' }),
  schemaId: Type.Integer({ description: 'In the Schema Registry.' }),
})

type OrderEventJson = Static<typeof orderEventSchema>

export const EXAMPLE_EVENT: OrderEventJson = {
  eventId: '01991f3c-5d3e-7c2b-9a4f-2f6d1c0b8e7a',
  type: CLOUD_EVENT_TYPES['order-created'],
  version: 1,
  time: '2026-01-31T12:00:00.000Z',
  status: 'pending',
  topic: 'order-events',
  partition: 2,
  offset: 41,
  schemaId: 1,
}

export const ORDER_COLUMNS: CsvColumns<OrderJson> = [
  ['orderId', ({ orderId }) => orderId],
  ['customerId', ({ customerId }) => customerId],
  ['orderDate', ({ orderDate }) => orderDate],
  ['totalAmount', ({ totalAmount }) => totalAmount],
  ['currency', ({ currency }) => currency],
  ['status', ({ status }) => status],
  // One line is one order: a line for each item would repeat the totals, and sums of them be wrong.
  ['items', ({ items }) => JSON.stringify(items)],
]

export const EVENT_COLUMNS: CsvColumns<OrderEventJson> = (
  Object.keys(orderEventSchema.properties) as (keyof OrderEventJson)[]
).map((name) => [name, (event) => event[name]])

interface DocumentedList<Row> {
  readonly description: string
  readonly row: TSchema
  readonly example: Row
  readonly columns: CsvColumns<Row>
  readonly what: ListedKind
}

/** The answer in each of the formats, for the documentation; JSON is written by its schema. */
function listAnswer<Row>({ description, row, example, columns, what }: DocumentedList<Row>) {
  const page = {
    success: true,
    message: countMessage(1, what),
    data: [example],
    nextCursor: 'WyIyMDI2Il0',
  }
  const schema = Type.Object({
    success: Type.Literal(true),
    message: Type.String(),
    data: Type.Array(row),
    nextCursor,
  })
  const lines = { type: 'string', description: 'One line of JSON for each entry of `data`.' }
  const table = { type: 'string', description: 'A header line, and one line for each entry.' }
  return {
    description,
    headers: {
      Link: { type: 'string', description: 'The next page, with rel="next"; absent at the end.' },
      Vary: { type: 'string', description: 'Accept.' },
    },
    content: {
      [LIST_MEDIA_TYPES.json]: { schema, example: page },
      [LIST_MEDIA_TYPES.ndjson]: { schema: lines, example: `${JSON.stringify(example)}\n` },
      [LIST_MEDIA_TYPES.csv]: { schema: table, example: writeCsv(columns, [example]) },
    },
  }
}

export const listOrdersAnswer = listAnswer({
  description: 'One page of orders, the newest first by orderDate.',
  row: Type.Unsafe<OrderJson>(Type.Ref('Order#')),
  example: EXAMPLE_ORDER,
  columns: ORDER_COLUMNS,
  what: 'order',
})

export const listEventsAnswer = listAnswer({
  description: 'One page of the events of an order, oldest first.',
  row: orderEventSchema,
  example: EXAMPLE_EVENT,
  columns: EVENT_COLUMNS,
  what: 'event',
})

/** Field by field, in the order of the schema: some formats write them as they come. */
export function toOrderEventJson(event: SettledEvent): OrderEventJson {
  const { eventId, version, time, status, topic, position, schemaId } = event
  const type = CLOUD_EVENT_TYPES[event.type]
  const { partition, offset } = position
  return { eventId, type, version, time, status, topic, partition, offset, schemaId }
}

type ListedKind = 'order' | 'event'

export function countMessage(count: number, what: ListedKind): string {
  return `${count} ${what}${count === 1 ? '' : 's'} found`
}
