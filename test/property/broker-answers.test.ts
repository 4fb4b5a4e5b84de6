import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import process from 'node:process'
import { PLAIN_ACCESS } from '../../src/service/kafka/broker-access.ts'
import { connectToBroker, dropConnection } from '../../src/service/kafka/broker-connection.ts'
import { TopicReader } from '../../src/service/kafka/topic-reader.ts'
import { playInputs } from '../fuzz/fuzz-target.ts'
import { kafkaAnswers } from '../fuzz/kafka-answers.ts'
import { inSession, lookForIt, RECORDED_TOPIC } from '../support/asked-broker.ts'
import { startFakeBroker, type FakeBroker } from '../support/fake-broker.ts'

/**
 * A broker that answers anything. Whatever its bytes are, the request ends within its time, with an
 * answer or an error; nothing is thrown where nobody catches it. `CART_FUZZ_RUNS=100000` plays more.
 */
const RUNS = Number(process.env['CART_FUZZ_RUNS'] ?? 2_500)
const SEED = 11

const TIMEOUTS = { connectTimeoutMs: 2_000, requestTimeoutMs: 5_000 }

suite('a broker that answers anything', () => {
  let broker: FakeBroker
  const uncaught: unknown[] = []
  const note = (error: unknown): void => void uncaught.push(error)

  before(async () => {
    broker = await startFakeBroker()
    process.on('uncaughtException', note)
    process.on('unhandledRejection', note)
  })
  after(async () => {
    process.off('uncaughtException', note)
    process.off('unhandledRejection', note)
    await broker.close()
  })

  test('a recorded answer is read as what it says', async () => {
    broker.harm = (frame) => [frame]
    const connection = await connectToBroker('test', broker, TIMEOUTS, PLAIN_ACCESS)
    const { records, skipped, nextOffset } = await new TopicReader(
      connection,
      RECORDED_TOPIC,
      0,
    ).fetch(0)
    dropConnection(connection)
    const values = records.map(({ record }) => String(record.value))
    assert.deepEqual(
      values.map((value) => value.split(' ')[0]),
      ['none', 'gzip', 'snappy', 'lz4', 'zstd'].flatMap((name) => [name, name, name]).concat('b'),
    )
    assert.deepEqual([skipped, nextOffset], [[], 16])
  })

  for (const length of [-5, -1, 0, 3, 2 ** 31 - 1, -(2 ** 31)]) {
    test(`an answer that claims a length of ${length} ends its connection with a sentence`, async () => {
      broker.harm = (frame) => {
        frame.writeInt32BE(length, 0)
        return [frame]
      }
      const connection = await connectToBroker('test', broker, TIMEOUTS, PLAIN_ACCESS)
      await assert.rejects(new TopicReader(connection, RECORDED_TOPIC, 0).endOffset(), {
        message: `the broker's answer claims a length of ${length} bytes`,
      })
      assert.equal(connection.socket.destroyed, true)
      assert.deepEqual(uncaught, [])
    })
  }

  test('lengths within an answer are not believed', { timeout: 20_000 }, async () => {
    // The count of partitions, then the length of the topic's name: back to where the count was read.
    broker.harm = (frame) => {
      const harmed = Buffer.from(frame)
      harmed.writeInt32BE(2 ** 31 - 1, 12)
      harmed.writeInt16BE(-2, 16)
      return [harmed]
    }
    const connection = await connectToBroker('test', broker, TIMEOUTS, PLAIN_ACCESS)
    await assert.rejects(
      new TopicReader(connection, RECORDED_TOPIC, 0).endOffset(),
      /length of -2 bytes/u,
    )
    assert.equal(connection.socket.destroyed, true)
  })

  test('an offset that no partition can have is an error', async () => {
    for (const offset of [2n ** 62n, -2n]) {
      broker.harm = (frame) => {
        frame.writeBigInt64BE(offset, frame.length - 12)
        return [frame]
      }
      const connection = await connectToBroker('test', broker, TIMEOUTS, PLAIN_ACCESS)
      const asked = new TopicReader(connection, RECORDED_TOPIC, 0).endOffset()
      await assert.rejects(asked, { message: `partition 0 has no offset ${offset}` })
      dropConnection(connection)
    }
  })

  test('a broker that says that it throttles for days is believed for half a minute', async () => {
    broker.harm = (frame, request) => {
      if (request === 'ListOffsets') frame.writeInt32BE(2 ** 31 - 1, 8)
      return [frame]
    }
    const delays: number[] = []
    await inSession(broker, lookForIt, (delayMs) => delays.push(delayMs))
    assert.ok(delays.length > 0)
    assert.deepEqual(new Set(delays), new Set([30_000]))
  })

  test('harmed answers harm nothing but their connection', { timeout: 600_000 }, async () => {
    const { failure } = await playInputs(kafkaAnswers, { inputs: RUNS, seed: SEED })
    assert.equal(failure, undefined)
  })
})
