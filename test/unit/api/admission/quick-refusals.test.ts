import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { test } from 'node:test'
import {
  LOOKED_AT_MIN,
  OTHERS_TO_LOOKING,
  QuickRefusals,
} from '../../../../src/api/admission/quick-refusals.ts'
import { createText } from '../../../api/raw-client.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const REFUSAL_MS = 1
const CROWD = 20 * LOOKED_AT_MIN

function nothing(): void {}

/** A full service, whose clients ask when they come. It has no room until `room.places` says so. */
function startFull() {
  const clock = new ManualClock()
  const room = { places: 0, parsed: 0 }
  let refused = 0
  const refusals = new QuickRefusals({
    clock,
    changes: {
      isFull: (aheadCount?: number) => (aheadCount ?? 0) >= room.places,
      outcomeOfRefusal: () => 'not-applied',
    },
    isHostAllowed: () => true,
    isDraining: () => false,
    keepAliveMs: 1_000,
    answerFor: () => 'no',
    noteRefused() {
      refused += 1
      clock.advance(REFUSAL_MS)
    },
  })
  const bytes = Buffer.from(createText('A'))
  const connect = () => {
    const socket = Object.assign(new EventEmitter(), {
      writable: true,
      writableLength: 0,
      write: nothing,
      setTimeout: nothing,
      pause: nothing,
      resume: nothing,
    })
    const line = {
      isAtRest: true,
      readBefore: (take: (read: Buffer) => void) => take(bytes),
      parse: () => (room.parsed += 1),
    }
    refusals.add(socket as never, line as never)
    return socket
  }
  return { clock, room, connect, refused: () => refused }
}

/** So many clients ask at once: how many are refused in each turn of the loop. */
async function refuseAll(clients: number, othersTakeMs: number): Promise<readonly number[]> {
  const { clock, connect, refused } = startFull()
  for (let count = 0; count < clients; count += 1) connect()
  const inTurns: number[] = []
  while (refused() < clients) {
    const before = refused()
    clock.advance(othersTakeMs)
    await setImmediate()
    inTurns.push(refused() - before)
  }
  return inTurns
}

test('few requests are refused in one turn of the loop', async () => {
  const inTurns = await refuseAll(CROWD, 0)
  assert.deepEqual(new Set(inTurns.slice(1)), new Set([LOOKED_AT_MIN]))
})

test('where all else in a turn takes long, more are refused in it', async () => {
  const looked = 5 * LOOKED_AT_MIN
  const [, ...inTurns] = await refuseAll(CROWD, OTHERS_TO_LOOKING * looked * REFUSAL_MS)
  inTurns.pop()
  assert.deepEqual(new Set(inTurns), new Set([looked]))
})

test('a connection that ended while it waited is not counted as refused', async () => {
  const { connect, refused } = startFull()
  for (let count = 0; count < LOOKED_AT_MIN; count += 1) connect()
  connect().writable = false
  connect()
  await setImmediate()
  assert.equal(refused(), LOOKED_AT_MIN + 1)
})

test('when there is room again, no more of those that wait are parsed than there are places', async () => {
  const { connect, room, refused } = startFull()
  for (let count = 0; count < 3 * LOOKED_AT_MIN; count += 1) connect()
  assert.equal(refused(), LOOKED_AT_MIN)
  room.places = 3
  await setImmediate()
  assert.deepEqual([room.parsed, refused()], [3, 2 * LOOKED_AT_MIN - 3])
  // What went before has its place, or has left.
  await setImmediate()
  assert.deepEqual([room.parsed, refused()], [6, 3 * LOOKED_AT_MIN - 6])
})
