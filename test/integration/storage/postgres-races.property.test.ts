import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { Client } from 'pg'

import { StoreError } from '../../../src/business/ports.ts'
import type { PendingEvent } from '../../../src/models/order-event.ts'
import type { OrderId } from '../../../src/models/order.ts'
import type { BatchedStore } from '../../../src/service/storage/batched-store.ts'
import { changeOf, creationOf, FROM_ALL, newOrderId } from '../../contract/order-store-events.ts'
import { createTestSchema, type TestSchema } from '../../support/postgres-schema.ts'
import { openStore } from './postgres-store.ts'

const INSTANCES = 3
const ORDERS = 2
const STEPS = { minLength: 10, maxLength: 30 }
const RUNS = 15

/** How often each is done: an event has to be left behind, taken over and still believed to be owned. */
const ACTIONS = {
  create: 3,
  change: 2,
  settle: 3,
  discard: 1,
  'take-over': 3,
  'hand-over': 2,
  expire: 3,
  renew: 1,
}

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

/**
 * Answers may come in another order than the take-overs happened, so the database tells whose an
 * event was in the end: in its row, and of a discarded one here.
 */
const KEEP_LAST_OWNERS = `
  CREATE TABLE discarded_events AS SELECT event_id, order_id, owner FROM order_events WITH NO DATA;
  CREATE FUNCTION keep_last_owner() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    INSERT INTO discarded_events VALUES (OLD.event_id, OLD.order_id, OLD.owner);
    RETURN NULL;
  END
  $$;
  CREATE TRIGGER keep_last_owner AFTER DELETE ON order_events
  FOR EACH ROW EXECUTE FUNCTION keep_last_owner()`

/** What all instances were told, in one run; by event id. */
class Facts {
  readonly orderIds: readonly OrderId[] = Array.from({ length: ORDERS }, newOrderId)
  readonly built = new Map<string, PendingEvent>()
  /** With the instance id that did it. */
  readonly settled = new Map<string, string>()
  readonly discarded = new Map<string, string>()
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
      case 'hand-over':
        return this.#handOver()
      case 'renew':
        return this.renew()
      case 'expire':
        return this.#expire(number)
    }
  }

  async #reserve(built: PendingEvent): Promise<void> {
    const pending = { ...built, producer: { id: 4_001, epoch: this.#number } }
    this.#facts.built.set(pending.event.eventId, pending)
    try {
      if ((await this.#store.reserve(pending)) === 'reserved') this.#owned.push(pending)
    } catch (error) {
      assert.ok(error instanceof StoreError && error.isApplied === 'no', String(error))
      await this.#joinAnew()
    }
  }

  async #settle(): Promise<void> {
    const pending = this.#owned.shift()
    if (pending === undefined) return
    const result = await this.#store.settle(pending, { partition: 0, offset: 1 })
    if (result !== 'settled') return
    assert.ok(!this.#facts.settled.has(pending.event.eventId), 'an event is settled once')
    this.#facts.settled.set(pending.event.eventId, this.#store.instanceId)
  }

  async #discard(): Promise<void> {
    const pending = this.#owned.shift()
    if (pending === undefined) return
    const result = await this.#store.discard(pending)
    if (result !== 'discarded') return
    this.#facts.discarded.set(pending.event.eventId, this.#store.instanceId)
  }

  /** Also of events that it only believes to be its own. */
  async #handOver(): Promise<void> {
    const given = this.#owned
    if (given.length === 0) return
    this.#owned = []
    if ((await this.#store.handOver(given)) === 'kept') this.#owned = given
  }

  async takeOver(limit: number): Promise<void> {
    for (const pending of await this.#store.takeOverPending(limit, FROM_ALL)) {
      const built = this.#facts.built.get(pending.event.eventId)
      assert.deepEqual(pending, built, 'it is of this run, with the producer it was reserved with')
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
    await database.query(KEEP_LAST_OWNERS)
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

interface OwnedEvent {
  readonly event_id: string
  readonly owner: string
}

interface EventFacts extends OwnedEvent {
  readonly order_id: string
  readonly version: number
  readonly is_pending: boolean
  readonly order_version: number | null
}

async function assertConsistent(schema: TestSchema, facts: Facts): Promise<void> {
  const rows = await schema.sql<EventFacts>(
    `SELECT order_id, event_id, owner, order_events.version, topic_offset IS NULL AS is_pending,
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
  const pending = rows.filter(({ is_pending }) => is_pending)
  assert.deepEqual(pending, [], 'all that was left behind was taken over and settled')
  const message = 'what was said to be done is, by its owner, and no more'
  assert.deepEqual(toOwners(rows), facts.settled, message)
  const discarded = await schema.sql<OwnedEvent>(
    'SELECT event_id, owner FROM discarded_events WHERE order_id = ANY ($1)',
    [facts.orderIds],
  )
  assert.deepEqual(toOwners(discarded), facts.discarded, message)
}

function toOwners(rows: readonly OwnedEvent[]): ReadonlyMap<string, string> {
  return new Map(rows.map(({ event_id, owner }) => [event_id, owner]))
}
