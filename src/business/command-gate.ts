import type { Order } from '../models/order.ts'
import { unavailable } from './errors.ts'
import type { ChangeOrderStatus, CreateOrder, OrderCommands } from './order/commands.ts'
import type { Clock } from './ports.ts'

const DRAIN_POLL_MS = 10

/** Lets commands through until the service drains, and knows how many are still unanswered. */
export class CommandGate implements OrderCommands {
  readonly #commands: OrderCommands
  #unanswered = 0
  #isDraining = false

  constructor(commands: OrderCommands) {
    this.#commands = commands
  }

  get isDraining(): boolean {
    return this.#isDraining
  }

  createOrder(command: CreateOrder): Promise<Order> {
    return this.#pass(() => this.#commands.createOrder(command))
  }

  changeOrderStatus(command: ChangeOrderStatus): Promise<Order> {
    return this.#pass(() => this.#commands.changeOrderStatus(command))
  }

  /** Turns new commands away, and resolves when all others are answered, or after `timeoutMs`. */
  async drain(clock: Clock, timeoutMs: number): Promise<void> {
    this.#isDraining = true
    const endMs = clock.monotonicMs() + timeoutMs
    while (this.#unanswered > 0 && clock.monotonicMs() < endMs) await clock.sleep(DRAIN_POLL_MS)
  }

  async #pass(run: () => Promise<Order>): Promise<Order> {
    if (this.#isDraining) {
      throw unavailable('SERVICE_DRAINING', 'The service is shutting down', 'not-applied')
    }
    this.#unanswered += 1
    try {
      return await run()
    } finally {
      this.#unanswered -= 1
    }
  }
}
