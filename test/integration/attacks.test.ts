import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { playAttack } from '../attack/harness.ts'
import { foreignHost } from '../attack/foreign-host.ts'
import { largeOrders } from '../attack/large-orders.ts'
import { listsByMany, listsUnread } from '../attack/lists.ts'
import { manyValues } from '../attack/many-values.ts'
import { oneKey } from '../attack/one-key.ts'
import { oneOrder } from '../attack/one-order.ts'
import { overload } from '../attack/overload.ts'
import { filesUnread, streamsPipelined } from '../attack/pipelining.ts'

/** A little of `npm run attack`: what is answered, and that the service lives; no times, no sizes. */

const ON_BOTH_STORES = [listsByMany, listsUnread, largeOrders, overload, oneOrder]

/** The store has little or no part in these. */
const ON_ONE_STORE = [manyValues, oneKey, filesUnread, streamsPipelined, foreignHost]

suite('an attack leaves the service alive and its answers true', () => {
  for (const attack of [...ON_BOTH_STORES, ...ON_ONE_STORE]) {
    const stores = ON_BOTH_STORES.includes(attack)
      ? (['sqlite', 'postgres'] as const)
      : (['sqlite'] as const)
    for (const store of stores) {
      test(`${attack.about} (${store})`, async () => {
        assert.deepEqual((await playAttack(attack, store, 'short')).faults, [])
      })
    }
  }
})
