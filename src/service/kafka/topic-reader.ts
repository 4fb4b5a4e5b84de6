import { listOffsetsV5, type Connection } from '@platformatic/kafka'
import { errorName } from './broker-errors.ts'
import { fetchRecords } from './fetch-request.ts'
import { readRecords, type ReadRecords, type TimedRecord } from './record-batches.ts'

const READ_UNCOMMITTED = 0

/** Timestamps that stand for positions in a ListOffsets request. */
const EARLIEST = -2n
const LATEST = -1n

/** As a consumer: offsets up to the high watermark. */
const CONSUMER_REPLICA = -1

/**
 * As a debugging replica: the end of the leader's own log. A record that is appended and not yet
 * replicated lies above the high watermark; who looks for its own event must not miss it.
 */
const DEBUGGING_REPLICA = -2

/** The broker's offset where no record is as new as was asked for. */
const NO_OFFSET = -1

const FETCH_WAIT_MS = 500

/** A record that is not replicated for so long may never be: its leader may have changed. */
const EMPTY_FETCHES_MAX = 20

const FETCH_BYTES_MAX = 4 * 1024 * 1024
const NO_SESSION = { id: 0, epoch: -1 }
const ANY_EPOCH = -1

export interface TopicReaderOptions {
  /** The broker answers only if it leads in this epoch. Undefined: in whatever epoch. */
  readonly leaderEpoch?: number | undefined
  /** Of one answer. A batch that is larger comes whole all the same. */
  readonly fetchBytesMax?: number
  readonly onAnswer?: (answer: { readonly throttleTimeMs: number }) => void
}

export class TopicReader {
  readonly #topic: string
  readonly #partition: number
  readonly #connection: Connection
  readonly #leaderEpoch: number
  readonly #fetchBytesMax: number
  readonly #onAnswer: (answer: { readonly throttleTimeMs: number }) => void

  /** `connection` must lead to the partition's leader; it stays the caller's to close. */
  constructor(
    connection: Connection,
    topic: string,
    partition: number,
    options: TopicReaderOptions = {},
  ) {
    this.#connection = connection
    this.#topic = topic
    this.#partition = partition
    this.#leaderEpoch = options.leaderEpoch ?? ANY_EPOCH
    this.#fetchBytesMax = options.fetchBytesMax ?? FETCH_BYTES_MAX
    this.#onAnswer = options.onAnswer ?? (() => {})
  }

  firstOffset(): Promise<number> {
    return this.#offsetAt(EARLIEST, CONSUMER_REPLICA)
  }

  /** The offset that the next appended record gets. */
  endOffset(): Promise<number> {
    return this.#offsetAt(LATEST, DEBUGGING_REPLICA)
  }

  /** Behind the last record that consumers may see. */
  highWatermark(): Promise<number> {
    return this.#offsetAt(LATEST, CONSUMER_REPLICA)
  }

  /** Where to begin: where the log begins later than `from`, or ends before it, with its first record. */
  async firstReadable(from: number, end: number): Promise<number> {
    const first = await this.firstOffset()
    return from < first || from > end ? first : from
  }

  /** The first record of this time or later; undefined where there is none yet. */
  async offsetSince(timestampMs: number): Promise<number | undefined> {
    const offset = await this.#offsetAt(BigInt(timestampMs), CONSUMER_REPLICA)
    return offset < 0 ? undefined : offset
  }

  /** The records from `offset` on, as many as one read holds; waits a moment for the first. */
  async fetch(offset: number): Promise<ReadRecords> {
    return readRecords(await this.#fetch(offset), offset)
  }

  /** As {@link readUpTo}; where the log does not reach from `from` to `end`, from its first record on. */
  async *read(from: number, end: number, signal: AbortSignal): AsyncGenerator<TimedRecord> {
    const begin = await this.firstReadable(from, end)
    const fetch = (offset: number): Promise<ReadRecords> => {
      signal.throwIfAborted()
      return this.fetch(offset)
    }
    yield* readUpTo(fetch, begin, end)
    signal.throwIfAborted()
  }

  async #offsetAt(timestamp: bigint, replica: number): Promise<number> {
    const partition = {
      partitionIndex: this.#partition,
      currentLeaderEpoch: this.#leaderEpoch,
      timestamp,
    }
    const answer = await listOffsetsV5.api.async(this.#connection, replica, READ_UNCOMMITTED, [
      { name: this.#topic, partitions: [partition] },
    ])
    this.#onAnswer(answer)
    const found = answer.topics[0]?.partitions[0]
    if (found === undefined || found.errorCode !== 0) {
      throw new Error(
        `no offset of partition ${this.#partition}: ${errorName(found?.errorCode ?? -1)}`,
      )
    }
    const offset = Number(found.offset)
    if (!Number.isSafeInteger(offset) || offset < NO_OFFSET) {
      throw new Error(`partition ${this.#partition} has no offset ${found.offset}`)
    }
    return offset
  }

  async #fetch(offset: number): Promise<Buffer> {
    const partition = {
      partition: this.#partition,
      currentLeaderEpoch: this.#leaderEpoch,
      fetchOffset: BigInt(offset),
      lastFetchedEpoch: -1,
      partitionMaxBytes: this.#fetchBytesMax,
    }
    const topics = [{ topicId: this.#topic, partitions: [partition] }]
    const answer = await fetchRecords.async(
      this.#connection,
      FETCH_WAIT_MS,
      1,
      this.#fetchBytesMax,
      READ_UNCOMMITTED,
      NO_SESSION.id,
      NO_SESSION.epoch,
      topics,
      [],
      '',
    )
    this.#onAnswer(answer)
    return answer.records
  }
}

/**
 * The records from `from` up to, not including, `end`. Waits for those that are appended and not yet
 * replicated; rejects when they do not come.
 */
export async function* readUpTo(
  fetch: (offset: number) => Promise<ReadRecords>,
  from: number,
  end: number,
): AsyncGenerator<TimedRecord> {
  let next = from
  let emptyFetches = 0
  while (next < end) {
    const { records, nextOffset } = await fetch(next)
    emptyFetches = nextOffset > next ? 0 : emptyFetches + 1
    if (emptyFetches === EMPTY_FETCHES_MAX) throw new Error(`offset ${next} cannot be read`)
    for (const record of records) if (record.offset < end) yield record
    next = nextOffset
  }
}
