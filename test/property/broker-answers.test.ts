import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import process from 'node:process'
import fc from 'fast-check'
import { connectToBroker, dropConnection } from '../../src/service/kafka/broker-connection.ts'
import { KafkaCluster } from '../../src/service/kafka/cluster.ts'
import { checkCreation } from '../../src/service/kafka/client-checks.ts'
import { createEntry } from '../../src/service/kafka/lane/entry.ts'
import { KafkaLaneSession } from '../../src/service/kafka/lane/kafka-session.ts'
import { readClusterFacts } from '../../src/service/kafka/topic-facts.ts'
import type { PartitionLeader } from '../../src/service/kafka/topic-layout.ts'
import { TopicReader } from '../../src/service/kafka/topic-reader.ts'
import { systemClock } from '../../src/service/system.ts'
import type { AnsweredRequest } from '../support/broker-answers.ts'
import { startFakeBroker, withOwnLength, type FakeBroker } from '../support/fake-broker.ts'
import { applyHarm, HARM } from '../support/harm.ts'
import { somePending } from '../support/some-event.ts'

/**
 * A broker that answers anything. Whatever its bytes are, the request ends within its time, with an
 * answer or an error; nothing is thrown where nobody catches it. `CART_FUZZ_RUNS=100000` plays more.
 */
const RUNS = Number(process.env['CART_FUZZ_RUNS'] ?? 5_000)
/** A broker that says that it throttles for days is waited for in other tests. */
const IMPATIENT = { ...systemClock, sleep: () => Promise.resolve() }

const TIMEOUTS = { connectTimeoutMs: 2_000, requestTimeoutMs: 5_000 }
const TOPIC = 'recorded-orders'

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
    const connection = await connectToBroker('test', broker, TIMEOUTS)
    const { records, skipped, nextOffset } = await new TopicReader(connection, TOPIC, 0).fetch(0)
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
      const connection = await connectToBroker('test', broker, TIMEOUTS)
      await assert.rejects(new TopicReader(connection, TOPIC, 0).endOffset(), {
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
    const connection = await connectToBroker('test', broker, TIMEOUTS)
    await assert.rejects(new TopicReader(connection, TOPIC, 0).endOffset(), /length of -2 bytes/u)
    assert.equal(connection.socket.destroyed, true)
  })

  test('an offset that no partition can have is an error', async () => {
    for (const offset of [2n ** 62n, -2n]) {
      broker.harm = (frame) => {
        frame.writeBigInt64BE(offset, frame.length - 12)
        return [frame]
      }
      const connection = await connectToBroker('test', broker, TIMEOUTS)
      const asked = new TopicReader(connection, TOPIC, 0).endOffset()
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
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...NAMES),
        HARM,
        fc.boolean(),
        async (name, harm, isRight) => {
          broker.harm = (frame, request) => {
            if (request !== name) return [frame]
            const parts = applyHarm(frame, harm)
            // With a right length the harm is within the answer.
            return isRight ? withOwnLength(parts) : parts
          }
          await REQUESTS[name](broker)
          assert.deepEqual(uncaught, [])
        },
      ),
      { numRuns: RUNS },
    )
  })
})

/** The partition's leader is the fake, whatever its metadata says. */
class FakeCluster extends KafkaCluster {
  readonly #broker: FakeBroker

  constructor(broker: FakeBroker) {
    super('test', TOPIC, [broker])
    this.#broker = broker
  }

  override leaderOf(): Promise<PartitionLeader> {
    return Promise.resolve({ broker: this.#broker, epoch: 0 })
  }
}

/** A lane's session that is open; only then answers are harmed. */
async function inSession(
  broker: FakeBroker,
  use: (session: KafkaLaneSession) => Promise<unknown>,
  onThrottle: (delayMs: number) => void = () => {},
): Promise<void> {
  const session = new KafkaLaneSession({
    cluster: new FakeCluster(broker),
    partition: 0,
    clock: IMPATIENT,
    onLost: () => {},
    onThrottle,
  })
  const { harm } = broker
  broker.harm = (frame) => [frame]
  await session.open()
  broker.harm = harm
  await use(session).catch(() => {})
  session.close()
}

function lookForIt(session: KafkaLaneSession): Promise<unknown> {
  return session.look([ENTRY], 0, undefined)
}

const ENTRY = createEntry(somePending({}), Infinity, () => {})
const NUMBERS = { id: 1, epoch: 0, firstSequence: 0 }

/** Each of our requests, through the code that sends it and reads the answer. */
const REQUESTS: Readonly<Record<AnsweredRequest, (broker: FakeBroker) => Promise<unknown>>> = {
  Metadata: async (broker) => {
    const layout = await new KafkaCluster('test', TOPIC, [broker]).refresh().catch(() => undefined)
    assert.ok((layout?.partitionCount ?? 0) < 1_000)
  },
  InitProducerId: (broker) =>
    new KafkaLaneSession({
      cluster: new FakeCluster(broker),
      partition: 0,
      clock: IMPATIENT,
      onLost: () => {},
      onThrottle: () => {},
    })
      .open()
      .catch(() => {}),
  Produce: (broker) => inSession(broker, (session) => session.send([ENTRY], NUMBERS, true)),
  ListOffsets: (broker) => inSession(broker, lookForIt),
  Fetch: (broker) => inSession(broker, (session) => session.look([ENTRY], 0, 16)),
  DescribeProducers: (broker) => inSession(broker, (session) => session.ask([NUMBERS])),
  DescribeConfigs: (broker) => readClusterFacts(new FakeCluster(broker), ['x']).catch(() => {}),
  CreateTopics: (broker) =>
    checkCreation(new FakeCluster(broker), { partitionCount: 1, replicationFactor: 1 }).catch(
      () => {},
    ),
}

const NAMES = Object.keys(REQUESTS) as AnsweredRequest[]
