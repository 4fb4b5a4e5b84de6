import type { Connection } from '@platformatic/kafka'
import type { Clock } from '../../../business/ports.ts'
import { connectToBroker, dropConnection } from '../broker-connection.ts'
import type { KafkaCluster } from '../cluster.ts'
import {
  LANE_TIMEOUTS,
  type ConnectionUser,
  type LeaderConnection,
  type LeaderConnections,
} from '../leader-connections.ts'
import type { BatchAnswer, Produce, ProduceBatch } from '../produce-request.ts'
import type { PartitionLeader } from '../topic-layout.ts'
import type { SessionListener } from './session.ts'

/** A broker throttles for as long as its quotas look back: 11 seconds by default. */
const THROTTLE_MS_MAX = 30_000

export interface LaneConnectionDeps extends SessionListener {
  readonly cluster: KafkaCluster
  readonly partition: number
  readonly clock: Pick<Clock, 'now' | 'monotonicMs' | 'sleep'>
  /** Of all lanes. */
  readonly connections: LeaderConnections
  readonly produce: Produce
}

/** A lane's connection to the leader of its partition: one of its own, or the one that others share. */
export class LaneConnection {
  readonly #deps: LaneConnectionDeps
  #connection: Connection | undefined
  #shared: LeaderConnection | undefined
  #leader: PartitionLeader | undefined
  #mutedUntilMs = -Infinity
  /** Ends what is waited for on the shared connection. */
  #cut: ((shared: LeaderConnection) => void) | undefined
  readonly #closing = new AbortController()

  constructor(deps: LaneConnectionDeps) {
    this.#deps = deps
  }

  get isOpen(): boolean {
    return this.#connection?.isConnected() === true
  }

  get isShared(): boolean {
    return this.#shared !== undefined
  }

  /** Whether a request would leave now, and not behind that of others. */
  get isFree(): boolean {
    return this.#shared === undefined || this.#shared.isFree
  }

  get leaderEpoch(): number | undefined {
    return this.#leader?.epoch
  }

  /** Throws where there is none. It may have ended. */
  get current(): Connection {
    if (this.#connection === undefined) throw new Error('not connected')
    return this.#connection
  }

  /** Leaves the connection before. */
  async connect(isShared: boolean): Promise<void> {
    const { cluster, connections, partition } = this.#deps
    this.drop()
    this.#leader = await cluster.leaderOf(partition)
    this.#mutedUntilMs = -Infinity
    const { broker } = this.#leader
    const shared = isShared ? await connections.join(broker, this.#user) : undefined
    const opening =
      shared?.connection ?? connectToBroker(cluster.clientId, broker, LANE_TIMEOUTS, cluster.access)
    const connection = await opening
    this.#shared = shared
    this.#connection = connection
    if (shared === undefined) connection.once('close', this.#user.onLost)
    if (!this.#closing.signal.aborted) return
    this.drop()
    throw new Error('the lane is closing')
  }

  async untilFree(): Promise<void> {
    if (this.#shared !== undefined) await this.#unlessDropped(this.#shared.untilFree())
  }

  /** After what other lanes ask on this connection. */
  inTurn(ask: () => Promise<void>): Promise<void> {
    return this.#shared === undefined ? ask() : this.#unlessDropped(this.#shared.inTurn(ask))
  }

  async produce(batch: ProduceBatch): Promise<BatchAnswer | undefined> {
    const shared = this.#shared
    if (shared !== undefined) return this.#unlessDropped(shared.send(batch), batch)
    const { cluster, produce } = this.#deps
    const answer = await produce(this.current, cluster.topic, [batch])
    this.heed(answer)
    return answer.batches[0]
  }

  /** The broker answers at once and then is silent: the next request would only run into its time-out. */
  heed({ throttleTimeMs }: { readonly throttleTimeMs: number }): void {
    if (throttleTimeMs <= 0) return
    if (this.#shared === undefined) this.#user.onThrottle(throttleTimeMs)
    else this.#shared.heed(throttleTimeMs)
  }

  /** Between two requests of one call; the lane itself waits between calls. */
  async untilHeard(): Promise<void> {
    const { clock } = this.#deps
    const mutedMs = this.#mutedUntilMs - clock.monotonicMs()
    if (mutedMs > 0) await clock.sleep(mutedMs, this.#closing.signal)
  }

  /** The shared one stays open for the others. */
  drop(): void {
    const shared = this.#shared
    const connection = this.#connection
    this.#shared = undefined
    this.#connection = undefined
    this.#leader = undefined
    if (shared !== undefined) {
      shared.leave(this.#user)
      this.#cut?.(shared)
      this.#cut = undefined
    } else if (connection !== undefined) {
      connection.off('close', this.#user.onLost)
      dropConnection(connection)
    }
  }

  /** The same where it may be the broker's doing. */
  abandon(): void {
    if (this.#leader !== undefined) this.#deps.cluster.suspect(this.#leader.broker)
    this.drop()
  }

  /** Idempotent. */
  close(): void {
    this.#closing.abort()
    this.drop()
  }

  readonly #user: ConnectionUser = {
    onLost: () => this.#deps.onLost(),
    onThrottle: (delayMs) => {
      const mutedMs = Math.min(delayMs, THROTTLE_MS_MAX)
      this.#mutedUntilMs = this.#deps.clock.monotonicMs() + mutedMs
      this.#deps.onThrottle(mutedMs)
    },
  }

  /**
   * Ends when the lane drops the connection, which stays open for others: rejects then, and the batch does
   * not leave any more.
   */
  #unlessDropped<Value>(waiting: Promise<Value>, batch?: ProduceBatch): Promise<Value> {
    const { promise, resolve, reject } = Promise.withResolvers<Value>()
    this.#cut = (shared) => {
      if (batch !== undefined) shared.withdraw(batch)
      reject(new Error('the lane has left its connection'))
    }
    waiting.then(resolve, reject)
    return promise
  }
}
