import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { playAttack } from '../attack/harness.ts'
import { foreignHost } from '../attack/foreign-host.ts'
import { listsByMany, listsUnread } from '../attack/lists.ts'
import { oneOrder } from '../attack/one-order.ts'
import { overload } from '../attack/overload.ts'
import { filesUnread, streamsPipelined } from '../attack/pipelining.ts'

/** A little of `npm run attack`: what is answered, and that the service lives; no times, no sizes. */

suite('an attack leaves the service alive and its answers true', () => {
  for (const attack of [
    listsByMany,
    listsUnread,
    filesUnread,
    streamsPipelined,
    overload,
    oneOrder,
    foreignHost,
  ]) {
    for (const store of ['sqlite', 'postgres'] as const) {
      test(`${attack.about} (${store})`, async () => {
        assert.deepEqual((await playAttack(attack, store, 'short')).faults, [])
      })
    }
  }
})
