import type { Connection } from '@platformatic/kafka'
import type { Clock } from '../../business/ports.ts'
import { connectToBroker, dropConnection, type Broker } from './broker-connection.ts'
import { describeError, findProtocolError } from './broker-errors.ts'
import { TopicMissingError, type KafkaCluster } from './cluster.ts'
import { SignInRefused } from './sasl.ts'
import { TopicReader } from './topic-reader.ts'

/** More than the broker waits for a first record. */
const CONNECTION_TIMEOUTS = { connectTimeoutMs: 2_000, requestTimeoutMs: 5_000 }

const RETRY_DELAY_MIN_MS = 100
const RETRY_DELAY_MAX_MS = 2_000

/** A cluster misses a dead leader after 9 s, with ZooKeeper after 18 s, and then elects another. */
export const LEADER_WAIT_MS_MAX = 30_000

export interface SourceDeps {
  readonly cluster: KafkaCluster
  readonly clock: Pick<Clock, 'monotonicMs' | 'sleep'>
}

export interface SourceOptions {
  readonly signal: AbortSignal
  /** The partition cannot be read now; undefined: it can again. */
  readonly onTrouble?: (reason: string | undefined) => void
}

/** One partition, on whatever connection leads to it, for those who only read. */
export class PartitionSource {
  readonly #deps: SourceDeps
  readonly #partition: number
  readonly #options: SourceOptions
  readonly #stop = (): void => this.#drop()
  #connection: Connection | undefined
  #leader: Broker | undefined

  constructor(deps: SourceDeps, partition: number, options: SourceOptions) {
    this.#deps = deps
    this.#partition = partition
    this.#options = options
    // A look that waits for records ends at once.
    options.signal.addEventListener('abort', this.#stop)
  }

  /**
   * Asks until the leader answers; another one may be elected meanwhile. Rejects with the signal's reason,
   * and with a sentence where none answers within `waitMsMax` or one refuses. Where it is Infinity, the
   * question is asked again after a refusal, too.
   */
  async ask<Answer>(
    question: (reader: TopicReader) => Promise<Answer>,
    waitMsMax = LEADER_WAIT_MS_MAX,
  ): Promise<Answer> {
    const { clock } = this.#deps
    const { signal, onTrouble } = this.#options
    const endMs = clock.monotonicMs() + waitMsMax
    for (let failures = 0; ; failures += 1) {
      signal.throwIfAborted()
      try {
        const answer = await question(await this.#reader())
        if (failures > 0) onTrouble?.(undefined)
        return answer
      } catch (error) {
        signal.throwIfAborted()
        this.#abandon()
        if (waitMsMax !== Infinity) this.#giveUp(error, clock.monotonicMs() >= endMs, waitMsMax)
        onTrouble?.(describeError(error))
        await clock.sleep(Math.min(RETRY_DELAY_MIN_MS * 2 ** failures, RETRY_DELAY_MAX_MS), signal)
      }
    }
  }

  [Symbol.dispose](): void {
    this.#options.signal.removeEventListener('abort', this.#stop)
    this.#drop()
  }

  async #reader(): Promise<TopicReader> {
    const { cluster } = this.#deps
    if (this.#connection === undefined) {
      this.#leader = (await cluster.leaderOf(this.#partition)).broker
      this.#connection = await connectToBroker(
        cluster.clientId,
        this.#leader,
        CONNECTION_TIMEOUTS,
        cluster.access,
      )
    }
    return new TopicReader(this.#connection, cluster.topic, this.#partition)
  }

  /** Returns where another try may help. */
  #giveUp(error: unknown, isLate: boolean, waitMsMax: number): void {
    if (!isLate && !isRefusal(error)) return
    const since = isLate ? ` for ${waitMsMax / 1000} seconds` : ''
    throw new Error(
      `partition ${this.#partition} of ${this.#deps.cluster.topic} could not be read${since}: ${describeError(error)}`,
      { cause: error },
    )
  }

  #abandon(): void {
    this.#drop()
    if (this.#leader !== undefined) this.#deps.cluster.suspect(this.#leader)
  }

  #drop(): void {
    if (this.#connection !== undefined) dropConnection(this.#connection)
    this.#connection = undefined
  }
}

/** The same question would be refused again. */
function isRefusal(error: unknown): boolean {
  if (error instanceof TopicMissingError || error instanceof SignInRefused) return true
  return error instanceof Error && findProtocolError(error)?.['canRetry'] === false
}
