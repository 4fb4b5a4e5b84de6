import assert from 'node:assert/strict'
import { afterEach, beforeEach, suite, test } from 'node:test'
import { LEADER_WAIT_MS_MAX } from '../../src/service/kafka/partition-source.ts'
import { readRanges, readRangesOf } from '../../src/service/kafka/topic-ranges.ts'
import { tailTopic } from '../../src/service/kafka/topic-tail.ts'
import { FakeCluster, RECORDED_TOPIC } from '../support/asked-broker.ts'
import type { AnsweredRequest } from '../support/broker-answers.ts'
import { codeOf } from '../support/broker-errors.ts'
import { startFakeBroker, type FakeBroker } from '../support/fake-broker.ts'

/** Of a ListOffsets answer: behind the throttle time, the topic's name and the partition. */
const OFFSETS_ERROR_AT = 8 + 4 + 4 + 2 + RECORDED_TOPIC.length + 4 + 4

/** Behind the partition's error and its timestamp. */
const OFFSET_AT = OFFSETS_ERROR_AT + 2 + 8

/** The timestamp that stands for the first offset, at the end of the request. */
const EARLIEST = -2n

/** Of a Fetch answer: behind the throttle time, its own error and the session, too. */
const FETCH_ERROR_AT = OFFSETS_ERROR_AT + 2 + 4

/** Behind the error, three offsets, no aborted transactions and no replica that is better read from. */
const RECORDS_AT = FETCH_ERROR_AT + 2 + 3 * 8 + 4 + 4

/** In place of an error: the answer has only its first batch. */
const CUT = 'cut'

const ERROR_AT: Partial<Record<AnsweredRequest, number>> = {
  ListOffsets: OFFSETS_ERROR_AT,
  Fetch: FETCH_ERROR_AT,
}

/** The recorded partition holds these offsets. */
const OFFSETS = Array.from({ length: 16 }, (_, offset) => offset)

suite('readers of a topic whose leaders are elected', () => {
  let broker: FakeBroker
  let nowMs: number
  let troubles: Array<string | undefined>

  beforeEach(async () => {
    broker = await startFakeBroker()
    nowMs = 0
    troubles = []
  })
  afterEach(() => broker.close())

  const clock = {
    monotonicMs: () => nowMs,
    sleep: async (delayMs: number) => void (nowMs += delayMs),
  }

  /** Answers the requests of this kind with the errors, one after the other; undefined: as recorded. */
  function answerWith(kind: AnsweredRequest, errors: Iterator<string | undefined>): void {
    broker.harm = (frame, request, asked) => {
      const isFirst =
        request === 'ListOffsets' && asked.readBigInt64BE(asked.length - 8) === EARLIEST
      if (isFirst) frame.writeBigInt64BE(0n, OFFSET_AT)
      const name = request === kind ? errors.next().value : undefined
      if (name === CUT) return [firstBatchOf(frame)]
      if (name !== undefined) frame.writeInt16BE(codeOf(name), ERROR_AT[kind])
      return [frame]
    }
  }

  async function readByTail(signal = new AbortController().signal): Promise<number[]> {
    const offsets: number[] = []
    await tailTopic(
      { cluster: new FakeCluster(broker), clock },
      {
        start: { kind: 'beginning' },
        endsAtEnd: true,
        onRecord: async ({ partition, offset }) => void (partition === 0 && offsets.push(offset)),
        onSkipped: () => {},
        onTrouble: (_partition, reason) => troubles.push(reason),
        signal,
      },
    )
    return offsets
  }

  async function readByRanges(): Promise<number[]> {
    const deps = { cluster: new FakeCluster(broker), clock }
    const offsets: number[] = []
    await readRangesOf(
      deps,
      (await readRanges(deps)).slice(0, 1).map(({ end }) => ({ first: 0, end })),
      ({ offset }) => void offsets.push(offset),
      () => {},
    )
    return offsets
  }

  const READERS = { tail: readByTail, 'reader of ranges': readByRanges }

  for (const [name, read] of Object.entries(READERS)) {
    for (const error of [
      'NOT_LEADER_OR_FOLLOWER',
      'LEADER_NOT_AVAILABLE',
      'UNKNOWN_LEADER_EPOCH',
    ]) {
      test(`the ${name} asks for offsets again after ${error}`, async () => {
        answerWith('ListOffsets', [error, error].values())
        assert.deepEqual(await read(), OFFSETS)
        assert.ok(nowMs > 0)
      })
    }

    test(`the ${name} ends with a sentence when no leader is elected in time`, async () => {
      answerWith('ListOffsets', repeat('NOT_LEADER_OR_FOLLOWER'))
      await assert.rejects(read(), {
        name: 'Error',
        message:
          /^partition \d of recorded-orders could not be read for 30 seconds: NOT_LEADER_OR_FOLLOWER$/,
      })
      assert.ok(nowMs >= LEADER_WAIT_MS_MAX)
    })

    test(`the ${name} does not wait where the broker refuses`, async () => {
      answerWith('ListOffsets', repeat('TOPIC_AUTHORIZATION_FAILED'))
      await assert.rejects(read(), {
        message: /^partition \d of recorded-orders could not be read: TOPIC_AUTHORIZATION_FAILED$/,
      })
    })

    test(`the ${name} reads on behind what it has when the leader changes`, async () => {
      // The tail follows three partitions at once.
      answerWith('Fetch', [CUT, CUT, CUT, 'NOT_LEADER_OR_FOLLOWER'].values())
      assert.deepEqual(await read(), OFFSETS)
    })
  }

  test('the tail says why it waits, and that it goes on', async () => {
    answerWith('ListOffsets', ['NOT_LEADER_OR_FOLLOWER'].values())
    await readByTail()
    assert.deepEqual(troubles, ['NOT_LEADER_OR_FOLLOWER', undefined])
  })

  test('the tail that waits for a leader ends when it is told to', async () => {
    const stop = new AbortController()
    answerWith('ListOffsets', repeat('NOT_LEADER_OR_FOLLOWER'))
    const ended = readByTail(stop.signal)
    stop.abort()
    assert.deepEqual(await ended, [])
  })
})

function* repeat(name: string): Generator<string> {
  for (;;) yield name
}

function firstBatchOf(frame: Buffer): Buffer {
  const bytes = 12 + frame.readInt32BE(RECORDS_AT + 4 + 8)
  frame.writeInt32BE(bytes, RECORDS_AT)
  const cut = frame.subarray(0, RECORDS_AT + 4 + bytes)
  cut.writeInt32BE(cut.length - 4)
  return cut
}
