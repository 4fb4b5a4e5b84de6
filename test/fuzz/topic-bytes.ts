import assert from 'node:assert/strict'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { compressionsAlgorithms } from '@platformatic/kafka'
import fc from 'fast-check'
import { createOrderLines } from '../../src/cli/listen/order-line.ts'
import { visible } from '../../src/cli/paint.ts'
import { readEventId } from '../../src/service/kafka/event-headers.ts'
import { readRecords } from '../../src/service/kafka/record-batches.ts'
import type { RecordBytes } from '../../src/service/kafka/record-cursor.ts'
import { encodeOrder, orderSchemaText } from '../../src/service/schema-registry/order-codec.ts'
import { createRecordDecoder } from '../../src/service/schema-registry/record-decoder.ts'
import { applyHarm, HARM } from '../support/harm.ts'
import { makeBatch, makeRecord, withChecksum } from '../support/record-batch.ts'
import { someOrder } from '../support/some-event.ts'
import type { FuzzTarget } from './fuzz-target.ts'

/** Batches on the topic, from the bytes of a broker to the line that `cart listen` prints. */

const ORDER_SCHEMA_ID = 1

/** What others might have registered. */
const SCHEMAS: Readonly<Record<number, string>> = {
  [ORDER_SCHEMA_ID]: orderSchemaText,
  2: '{"type":"array","items":{"type":"array","items":"null"}}',
  3: '{"type":"map","values":["null","string","bytes","double","long",{"type":"fixed","name":"F","size":9}]}',
  4: '{"type":"record","name":"List","fields":[{"name":"next","type":["null","List"]},{"name":"status","type":{"type":"enum","name":"E","symbols":["A","B"]}}]}',
  5: '"string"',
  6: '{"type":"record"',
}

const HEADERS: ReadonlyArray<readonly [string, string]> = [
  ['ce_id', '01893b6e-0000-7000-8000-000000000000'],
  ['ce_sequence', '0000000001'],
  ['ce_type', 'com.ecommerce.order.created'],
]

const COMPRESSIONS: ReadonlyArray<(bytes: Buffer) => Buffer> = [
  (bytes) => bytes,
  gzipSync,
  (bytes) => compressionsAlgorithms.snappy.compressSync(bytes),
  (bytes) => compressionsAlgorithms.lz4.compressSync(bytes),
  zstdCompressSync,
]

const VALUE = fc
  .tuple(
    fc.oneof(fc.constant(Buffer.from(encodeOrder(someOrder(), ORDER_SCHEMA_ID))), wireBytes()),
    fc.option(HARM),
  )
  .map(([bytes, harm]) => (harm === null ? bytes : Buffer.concat(applyHarm(bytes, harm))))

function wireBytes(): fc.Arbitrary<Buffer> {
  return fc
    .tuple(fc.integer({ min: 0, max: 7 }), fc.uint8Array({ maxLength: 60 }))
    .map(([schemaId, bytes]) => Buffer.from([0, 0, 0, 0, schemaId, ...bytes]))
}

const INPUT = fc.record({
  values: fc.array(VALUE, { minLength: 1, maxLength: 3 }),
  compression: fc.nat({ max: COMPRESSIONS.length - 1 }),
  recordsHarm: fc.option(HARM, { freq: 2 }),
  batchHarm: fc.option(HARM, { freq: 2 }),
  hasRightChecksum: fc.boolean(),
})

type Input = typeof INPUT extends fc.Arbitrary<infer Value> ? Value : never

/** Harm to the records is in front of the compression, and harm to the batch behind it. */
function batchOf({ values, compression, recordsHarm, batchHarm, hasRightChecksum }: Input): Buffer {
  const records = Buffer.concat(
    values.map((value, offsetDelta) => makeRecord({ offsetDelta, value, headers: HEADERS })),
  )
  const written = recordsHarm === null ? records : Buffer.concat(applyHarm(records, recordsHarm))
  const packed = COMPRESSIONS[compression]?.(written) ?? written
  const batch = makeBatch({
    firstOffset: 0,
    count: values.length,
    records: packed,
    attributes: compression,
  })
  if (batchHarm === null) return batch
  const harmed = Buffer.concat(applyHarm(batch, batchHarm))
  return hasRightChecksum && harmed.length > 61 ? withChecksum(harmed) : harmed
}

const decode = createRecordDecoder({
  clock: { monotonicMs: () => 0 },
  client: {
    schemaById: (schemaId) => {
      const text = SCHEMAS[schemaId]
      return Promise.resolve(
        text === undefined ? undefined : { text, schemaType: 'AVRO', hasReferences: false },
      )
    },
  },
})

const line = createOrderLines((_, text) => text)

async function show({ key, value, headers }: RecordBytes): Promise<string> {
  readEventId(headers)
  const decoded = await decode(value ?? Buffer.alloc(0))
  const record = {
    key: key === null ? null : String(key),
    partition: 0,
    offset: 0,
    timestamp: null,
    headers: Object.fromEntries(
      headers.map(([name, text]) => [String(name), text === null ? null : String(text)]),
    ),
    schemaId: decoded.schemaId,
  }
  const readable =
    decoded.kind === 'decoded'
      ? { ...record, value: decoded.value }
      : { ...record, value: undefined, problem: decoded }
  return visible(line(readable)) + visible(JSON.stringify(readable))
}

async function read(input: Input): Promise<void> {
  for (const { record } of recordsOf(batchOf(input))) {
    assert.doesNotMatch(await show(record), /[\p{C}\p{Zl}\p{Zp}]/u, 'a terminal would obey it')
  }
}

/** None where the batch is not what its writer made: that ends the connection, and it is read again. */
function recordsOf(bytes: Buffer): ReturnType<typeof readRecords>['records'] {
  try {
    return readRecords(bytes, 0).records
  } catch (error) {
    assert.equal(error instanceof Error && error.name, 'FrameError')
    return []
  }
}

export const topicBytes: FuzzTarget = {
  name: 'bytes on the topic',
  inputs: 300_000,
  open: () =>
    Promise.resolve({
      property: fc.asyncProperty(INPUT, read),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
}
