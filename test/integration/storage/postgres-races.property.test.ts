import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { Client } from 'pg'

import { StoreError } from '../../../src/business/ports.ts'
import type { PendingEvent } from '../../../src/models/order-event.ts'
import type { OrderId } from '../../../src/models/order.ts'
import type { BatchedStore } from '../../../src/service/storage/batched-store.ts'
import { changeOf, creationOf, newOrderId } from '../../contract/order-store-events.ts'
import { createTestSchema, type TestSchema } from '../../support/postgres-schema.ts'
import { openStore } from './postgres-store.ts'

const INSTANCES = 3
const ORDERS = 2
const STEPS = { minLength: 10, maxLength: 30 }
const RUNS = 15

/** How often each is done: an event has to be left behind, taken over and still believed to be owned. */
const ACTIONS = { create: 3, change: 2, settle: 3, discard: 1, 'take-over': 3, expire: 3, renew: 1 }

interface Step {
  readonly action: keyof typeof ACTIONS
  readonly order: number
  /** Whose lease runs out; how many events are taken over. */
  readonly number: number
}

const someStep: fc.Arbitrary<Step> = fc.record({
  action: fc.oneof(
    ...Object.entries(ACTIONS).map(([action, weight]) => ({
      arbitrary: fc.constant(action as keyof typeof ACTIONS),
      weight,
    })),
  ),
  order: fc.nat(ORDERS - 1),
  number: fc.integer({ min: 0, max: INSTANCES - 1 }),
})

/** What all instances were told, in one run. */
class Facts {
  readonly orderIds: readonly OrderId[] = Array.from({ length: ORDERS }, newOrderId)
  readonly settled = new Set<string>()
  readonly discarded = new Set<string>()
  readonly #owners = new Map<string, { readonly instance: number; readonly epoch: number }>()

  ownerOf({ event }: PendingEvent): number | undefined {
    return this.#owners.get(event.eventId)?.instance
  }

  /** Answers may come in another order than the take-overs happened; epochs tell it. */
  noteOwner({ event, producer }: PendingEvent, instance: number): void {
    const epoch = producer?.epoch ?? 0
    if (epoch < (this.#owners.get(event.eventId)?.epoch ?? 0)) return
    this.#owners.set(event.eventId, { instance, epoch })
  }

  isOfThisRun({ event }: PendingEvent): boolean {
    return this.orderIds.includes(event.order.orderId)
  }
}

/** One instance that does one step after the other, while the others do theirs. */
class Actor {
  readonly #number: number
  readonly #stores: readonly BatchedStore[]
  readonly #database: Client
  readonly #facts: Facts
  #owned: PendingEvent[] = []

  constructor(number: number, stores: readonly BatchedStore[], database: Client, facts: Facts) {
    this.#number = number
    this.#stores = stores
    this.#database = database
    this.#facts = facts
  }

  get #store(): BatchedStore {
    const store = this.#stores[this.#number]
    assert.ok(store)
    return store
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const step of steps) await this.#do(step)
  }

  async #do({ action, order, number }: Step): Promise<void> {
    const orderId = this.#facts.orderIds[order] ?? assert.fail()
    switch (action) {
      case 'create':
        return this.#reserve(creationOf(orderId))
      case 'change': {
        const version = (await this.#store.findOrder(orderId))?.version ?? 1
        return this.#reserve(changeOf(orderId, version + 1, 'shipped'))
      }
      case 'settle':
        return this.#settle()
      case 'discard':
        return this.#discard()
      case 'take-over':
        return this.takeOver(number + 1)
      case 'renew':
        return this.renew()
      case 'expire':
        return this.#expire(number)
    }
  }

  async #reserve(built: PendingEvent): Promise<void> {
    const pending = { ...built, producer: { id: 1, epoch: 0 } }
    try {
      const result = await this.#store.reserve(pending)
      if (result !== 'reserved') return
      this.#facts.noteOwner(pending, this.#number)
      this.#owned.push(pending)
    } catch (error) {
      assert.ok(error instanceof StoreError && error.isApplied === 'no', String(error))
      await this.#joinAnew()
    }
  }

  async #settle(): Promise<void> {
    const pending = this.#owned.shift()
    if (pending === undefined) return
    const isForeign = this.#facts.ownerOf(pending) !== this.#number
    const result = await this.#store.settle(pending, { partition: 0, offset: 1 })
    if (result !== 'settled') return
    assert.ok(!isForeign, 'nobody settles what another one had taken over')
    assert.ok(!this.#facts.settled.has(pending.event.eventId), 'an event is settled once')
    this.#facts.settled.add(pending.event.eventId)
  }

  async #discard(): Promise<void> {
    const pending = this.#owned.shift()
    if (pending === undefined) return
    const isForeign = this.#facts.ownerOf(pending) !== this.#number
    const result = await this.#store.discard(pending)
    if (result !== 'discarded') return
    assert.ok(!isForeign, 'nobody discards what another one had taken over')
    this.#facts.discarded.add(pending.event.eventId)
  }

  async takeOver(limit: number): Promise<void> {
    for (const pending of await this.#store.takeOverPending(limit)) {
      assert.ok(this.#facts.isOfThisRun(pending), 'an earlier run left nothing')
      this.#facts.noteOwner(pending, this.#number)
      this.#owned.push(pending)
    }
  }

  async renew(): Promise<void> {
    if (!(await this.#store.renewLease())) await this.#joinAnew()
  }

  /** Settles all that it has, and all that nobody has. */
  async finish(): Promise<void> {
    await this.#database.query(`UPDATE instances SET lease_until = '-infinity'`)
    await this.renew()
    await this.takeOver(ORDERS * INSTANCES)
    while (this.#owned.length > 0) await this.#settle()
  }

  async #joinAnew(): Promise<void> {
    this.#owned = []
    await this.#store.join()
  }

  async #expire(number: number): Promise<void> {
    await this.#database.query(
      `UPDATE instances SET lease_until = '-infinity' WHERE instance_id = $1`,
      [this.#stores[number]?.instanceId],
    )
  }
}

describe('instances that share a PostgreSQL database', () => {
  let schema: TestSchema
  let database: Client
  let stores: readonly BatchedStore[]

  before(async () => {
    schema = await createTestSchema()
    database = new Client({ connectionString: schema.url() })
    await database.connect()
    stores = await Promise.all(Array.from({ length: INSTANCES }, () => openStore(schema)))
  })

  after(async () => {
    await Promise.all(stores.map((store) => store.close()))
    await database.end()
    await schema.drop()
  })

  test('settle each event once, by its owner, and leave versions without gaps', async () => {
    const someSteps = fc.array(someStep, STEPS)
    const someScripts = fc.array(someSteps, { minLength: INSTANCES, maxLength: INSTANCES })
    await fc.assert(
      fc.asyncProperty(someScripts, async (scripts) => {
        const facts = new Facts()
        const actors = scripts.map((_, number) => new Actor(number, stores, database, facts))
        await Promise.all(actors.map((actor, number) => actor.run(scripts[number] ?? [])))
        for (const actor of actors) await actor.finish()
        await assertConsistent(schema, facts)
      }),
      // Not made smaller: the same steps may race another way.
      { numRuns: RUNS, endOnFailure: true },
    )
  })
})

interface EventFacts {
  readonly order_id: string
  readonly event_id: string
  readonly version: number
  readonly is_pending: boolean
  readonly order_version: number | null
}

async function assertConsistent(schema: TestSchema, facts: Facts): Promise<void> {
  const rows = await schema.sql<EventFacts>(
    `SELECT order_id, event_id, order_events.version, topic_offset IS NULL AS is_pending,
            orders.version AS order_version
     FROM order_events LEFT JOIN orders USING (order_id)
     WHERE order_id = ANY ($1)
     ORDER BY order_id, order_events.version`,
    [facts.orderIds],
  )
  for (const orderId of facts.orderIds) {
    const events = rows.filter(({ order_id }) => order_id === orderId)
    const expected = events.map((_, index) => index + 1)
    assert.deepEqual(
      events.map(({ version }) => version),
      expected,
      'versions have no gap',
    )
    assert.ok(
      events.every(({ order_version }) => order_version === events.length),
      'the order stands at its latest event',
    )
  }
  const stored = rows.filter(({ is_pending }) => !is_pending).map(({ event_id }) => event_id)
  assert.equal(stored.length, rows.length, 'all that was left behind was taken over and settled')
  assert.deepEqual(new Set(stored), facts.settled, 'what was said to be settled is, and no more')
  assert.ok(stored.every((eventId) => !facts.discarded.has(eventId)))
}
