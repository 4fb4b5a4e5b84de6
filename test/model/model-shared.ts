import { JointRequests } from '../../src/service/kafka/lane/joint-requests.ts'
import type { SendAnswer } from '../../src/service/kafka/lane/session.ts'
import type { ModelBroker } from './model-broker.ts'
import { ModelLine, type LineDeps } from './model-line.ts'
import { ModelProduce, type ModelBatch } from './model-produce.ts'

/** A session on the connection. */
export interface SharedUser {
  /** The connection has ended. */
  lose(): void
  breakLater(): void
  throttle(delayMs: number): void
}

export interface SharedDeps extends LineDeps {
  readonly broker: ModelBroker
  readonly throttleMs: number
}

/** The connection that the lanes of an instance share: one broker leads all partitions. */
export class ModelShared {
  readonly requests: JointRequests<ModelBatch, SendAnswer>
  readonly #deps: SharedDeps
  readonly #line: ModelLine
  readonly #users = new Set<SharedUser>()

  constructor(deps: SharedDeps) {
    this.#deps = deps
    this.#line = new ModelLine(deps)
    this.requests = new JointRequests({
      perform: (batches) => this.#perform(batches),
      defer: (task) => deps.timeline.defer(deps.actor, task),
    })
  }

  join(user: SharedUser): void {
    this.#users.add(user)
  }

  /** The last one closes it; what has left still arrives. */
  leave(user: SharedUser): void {
    this.#users.delete(user)
    if (this.#users.size === 0) this.#line.cut('closed')
  }

  /** For all lanes on it. */
  end(): void {
    const users = [...this.#users]
    this.#users.clear()
    this.#line.cut('the connection ended')
    for (const user of users) user.lose()
  }

  async #perform(batches: readonly ModelBatch[]): Promise<readonly SendAnswer[]> {
    const { timeline, actor, broker, throttleMs } = this.#deps
    const [user] = this.#users
    const throttle = (): void => {
      for (const one of this.#users) one.throttle(throttleMs)
    }
    const request = new ModelProduce(
      {
        ...this.#deps,
        line: this.#line,
        breakLater: () => user?.breakLater(),
        throttleLater: () => {
          broker.count('throttled')
          timeline.add({ what: 'is throttled', place: 'process', actor, run: throttle })
        },
      },
      batches,
    )
    try {
      return await request.send()
    } catch (error) {
      // As in the real one: a request that is not answered in time ends its connection.
      this.end()
      throw error
    }
  }
}
