import type { Connection } from '@platformatic/kafka'
import type { Clock } from '../../business/ports.ts'
import { connectToBroker, dropConnection, type Broker } from './broker-connection.ts'
import type { KafkaCluster } from './cluster.ts'
import { JointRequests } from './lane/joint-requests.ts'
import type { BatchAnswer, Produce, ProduceBatch } from './produce-request.ts'

/** How long an attempt to connect, and one request, may take before the next try. */
export const LANE_TIMEOUTS = { connectTimeoutMs: 1_000, requestTimeoutMs: 2_000 }

/** A lane's session on a connection that it shares. */
export interface ConnectionUser {
  /** The connection has ended, whoever ended it. */
  readonly onLost: () => void
  /** The broker answers nothing more on it for so long. */
  readonly onThrottle: (delayMs: number) => void
}

export interface LeaderConnectionsDeps {
  readonly cluster: Pick<KafkaCluster, 'clientId' | 'topic' | 'access'>
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly produce: Produce
}

/** One connection for all lanes of one broker that send together (L15): `lane/sharing.ts`. */
export class LeaderConnection {
  readonly connection: Promise<Connection>
  readonly #users = new Set<ConnectionUser>()
  readonly #requests: JointRequests<ProduceBatch, BatchAnswer>
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #onEnd: () => void
  #mutedUntilMs = -Infinity
  #lastTurn: Promise<unknown> = Promise.resolve()

  /** `onEnd`: nobody can join it any more. */
  constructor(
    { cluster, clock, produce }: LeaderConnectionsDeps,
    broker: Broker,
    onEnd: () => void,
  ) {
    this.#clock = clock
    this.#onEnd = onEnd
    this.connection = connectToBroker(cluster.clientId, broker, LANE_TIMEOUTS, cluster.access)
    this.connection.then((connection) => connection.once('close', () => this.#lose()), onEnd)
    this.#requests = new JointRequests({
      perform: (batches) => this.#send(produce, cluster.topic, batches),
      defer: setImmediate,
    })
  }

  join(user: ConnectionUser): void {
    this.#users.add(user)
    const mutedMs = this.#mutedUntilMs - this.#clock.monotonicMs()
    if (mutedMs > 0) user.onThrottle(mutedMs)
  }

  /** The last one closes it. */
  leave(user: ConnectionUser): void {
    this.#users.delete(user)
    if (this.#users.size > 0) return
    this.#onEnd()
    this.connection.then(dropConnection, () => {})
  }

  /** Whether the next request can leave. */
  get isFree(): boolean {
    return this.#requests.isFree
  }

  untilFree(): Promise<void> {
    return this.#requests.untilFree()
  }

  /** Sends the batch together with those of other lanes. */
  send(batch: ProduceBatch): Promise<BatchAnswer> {
    return this.#requests.send(batch)
  }

  /** It does not leave any more, if it has not left. */
  withdraw(batch: ProduceBatch): void {
    this.#requests.withdraw(batch)
  }

  /** What a lane asks when it begins, one lane after the other: the broker does not do more at once. */
  inTurn<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    const turn = this.#lastTurn.then(ask)
    this.#lastTurn = turn.catch(() => {})
    return turn
  }

  /** The broker is silent towards all who share the connection, for so long. */
  heed(throttleTimeMs: number): void {
    this.#mutedUntilMs = this.#clock.monotonicMs() + throttleTimeMs
    for (const { onThrottle } of this.#users) onThrottle(throttleTimeMs)
  }

  async #send(produce: Produce, topic: string, batches: readonly ProduceBatch[]) {
    const answer = await produce(await this.connection, topic, batches)
    if (answer.throttleTimeMs > 0) this.heed(answer.throttleTimeMs)
    return answer.batches
  }

  #lose(): void {
    this.#onEnd()
    const users = [...this.#users]
    this.#users.clear()
    for (const { onLost } of users) onLost()
  }
}

/** The connection of each broker that lanes share, for as long as there is one. */
export class LeaderConnections {
  readonly #deps: LeaderConnectionsDeps
  readonly #byBroker = new Map<string, LeaderConnection>()

  constructor(deps: LeaderConnectionsDeps) {
    this.#deps = deps
  }

  /** Resolves when it is open; rejects when the broker does not answer. */
  async join(broker: Broker, user: ConnectionUser): Promise<LeaderConnection> {
    const shared = this.#to(broker)
    shared.join(user)
    await shared.connection
    return shared
  }

  #to(broker: Broker): LeaderConnection {
    const name = `${broker.host}:${broker.port}`
    const known = this.#byBroker.get(name)
    if (known !== undefined) return known
    const shared = new LeaderConnection(this.#deps, broker, () => {
      if (this.#byBroker.get(name) === shared) this.#byBroker.delete(name)
    })
    this.#byBroker.set(name, shared)
    return shared
  }
}
