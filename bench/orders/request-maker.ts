import { randomUUID } from 'node:crypto'

/** What the load asks for. A mix is in ten requests: see {@link RequestMaker.next}. */
export const KINDS = ['create', 'update', 'mix'] as const
export type Kind = (typeof KINDS)[number]

/** Orders of one connection that its updates take in turn. */
const POOL_ORDERS = 10

const STATUSES = ['confirmed', 'shipped', 'delivered', 'pending'] as const

const MIX_LENGTH = 10

export interface RequestShape {
  readonly kind: Kind
  readonly items: number
  /** Random ids hit an index anywhere, those that are counted over all connections at its end. */
  readonly hasRandomIds: boolean
  /** A key or token that each request shows. */
  readonly credential?: string
}

/** The requests of one connection. Its updates concern its own orders, so none waits for another's. */
export class RequestMaker {
  readonly #shape: RequestShape
  /** Unlike any other's, also of an earlier run on the same store. */
  readonly #prefix: string
  readonly #nextId: () => string
  #made = 0
  #updated = 0
  #lastKeyed = ''

  constructor(shape: RequestShape, prefix: string, nextId: () => string) {
    this.#shape = shape
    this.#prefix = prefix
    this.#nextId = shape.hasRandomIds ? randomUUID : nextId
  }

  /** To be answered before the load begins. */
  preparation(): readonly string[] {
    if (this.#shape.kind === 'create') return []
    return Array.from({ length: POOL_ORDERS }, (_, index) => this.#create(this.#poolId(index)))
  }

  /**
   * Of ten requests of a mix five create an order, three of them with an `Idempotency-Key`; four
   * update one, two of them with a key; and one is sent again with its key.
   */
  next(): string {
    this.#made += 1
    switch (this.#shape.kind) {
      case 'create':
        return this.#create(this.#nextId())
      case 'update':
        return this.#update()
      case 'mix':
        return this.#nextOfMix(this.#made % MIX_LENGTH)
    }
  }

  #nextOfMix(place: number): string {
    if (place < 2) return this.#create(this.#nextId())
    if (place < 4) return this.#update()
    if (place === 9) return this.#lastKeyed
    const key = randomUUID()
    this.#lastKeyed = place < 7 ? this.#create(this.#nextId(), key) : this.#update(key)
    return this.#lastKeyed
  }

  #create(orderId: string, key?: string): string {
    const body = `{"orderId":"${orderId}","numItems":${this.#shape.items}}`
    return this.#render('POST /api/create-order', body, key)
  }

  #update(key?: string): string {
    const orderId = this.#poolId(this.#updated % POOL_ORDERS)
    const status = STATUSES[Math.floor(this.#updated / POOL_ORDERS) % STATUSES.length]
    this.#updated += 1
    const body = `{"orderId":"${orderId}","status":"${status}"}`
    return this.#render('PUT /api/update-order', body, key)
  }

  #poolId(index: number): string {
    return `${this.#prefix}-pool-${index}`
  }

  #render(target: string, body: string, key?: string): string {
    const { credential } = this.#shape
    const keyed = key === undefined ? '' : `idempotency-key: ${key}\r\n`
    const shown = credential === undefined ? '' : `authorization: Bearer ${credential}\r\n`
    return (
      `${target} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${keyed}${shown}` +
      `content-length: ${body.length}\r\n\r\n${body}`
    )
  }
}
