import assert from 'node:assert/strict'
import { recordBytesMax } from '../../src/service/kafka/record-size.ts'
import { assertSound } from './checks.ts'
import type { ModelProcess } from './model-process.ts'
import { MIXES, moveOf } from './mixes.ts'
import { World, type WorldOptions } from './world.ts'

/**
 * A schedule is a list of bytes. After the first, each three say what happens next: something that is
 * under way continues, a client asks, time passes, or something breaks. Low bytes are the harmless ones
 * and take the oldest first, so that what fast-check shrinks to is a short story in which little goes
 * wrong.
 */

/** Far above what any schedule needs to come to rest. */
const HEALING_STEPS_MAX = 2_000

/** After the longest fault: take-overs, and the time after which what is parked is tried again. */
const FITTING_LAST_MS = 120_000

/** One for the move, and two for how. */
export const BYTES_PER_MOVE = 3

/** Of the first byte: in one of four schedules the topic dates all records itself. */
const STAMPING_BITS = 0b1100

/** L11: in half of the schedules each connection lasts for one page of a look, also in the end. */
const FRAGILE_BIT = 0b10000

/** Plays it, heals what is broken, and checks that all that was said is true. */
export async function playSchedule(
  bytes: Uint8Array,
  options: Omit<WorldOptions, 'isTold'>,
  isTold = false,
): Promise<World> {
  const world = new World({ ...options, isTold })
  try {
    await startAll(world)
    const [kind = 0] = bytes
    world.broker.isStamping = (kind & STAMPING_BITS) === STAMPING_BITS
    if ((kind & FRAGILE_BIT) !== 0) world.broker.pagesMax = 1
    const mix = MIXES[kind % MIXES.length] ?? assert.fail()
    for (let index = 1; index + 2 < bytes.length; index += BYTES_PER_MOVE) {
      const [what = 0, low = 0, high = 0] = bytes.subarray(index, index + BYTES_PER_MOVE)
      const choice = low + 256 * high
      await moveOf(mix, what)(world, choice)
      await world.settleDown()
    }
    await heal(world)
    assertSound(world)
  } catch (failure) {
    if (isTold) throw new Error(tell(world), { cause: failure })
    // Once more, for the story: a schedule always goes the same way.
    await playSchedule(bytes, options, true)
    throw failure
  }
  return world
}

function tell({ timeline }: World): string {
  return `the story, with ${timeline.story?.length} steps:\n${timeline.story?.join('\n')}`
}

async function startAll(world: World): Promise<void> {
  for (;;) {
    await world.settleDown()
    const [next] = world.timeline.possible()
    if (next === undefined) return
    world.timeline.take(next)
  }
}

/** Nothing breaks any more, and everything is given the time to come to its end. */
async function heal(world: World): Promise<void> {
  const { timeline, broker, processes } = world
  timeline.heal()
  broker.heal()
  for (const process of processes) process.isPaused = false
  if (broker.batchBytesMax < Infinity) {
    // L10: what the topic does not take holds up nothing that it takes.
    const untilMs = timeline.nowMs + FITTING_LAST_MS
    await playOn(world, () => !isFittingPending(world) || timeline.nowMs > untilMs)
    assert.ok(!isFittingPending(world), 'L10: an event that the topic takes gets there')
    broker.batchBytesMax = Infinity
  }
  await playOn(world, () => timeline.possible().length === 0 && isAtRest(world))
}

/** One step after the other, the oldest first, until it is enough. */
async function playOn(world: World, isEnough: () => boolean): Promise<void> {
  const { timeline, processes } = world
  for (let step = 0; step < HEALING_STEPS_MAX; step += 1) {
    for (const [slot, { isAlive }] of processes.entries()) if (!isAlive) world.start(slot)
    await world.settleDown()
    if (isEnough()) return
    const [next] = timeline.possible()
    if (next === undefined) timeline.advanceToNextTimer()
    else timeline.take(next)
  }
  assert.fail('it does not come to rest')
}

function isFittingPending({ database, broker }: World): boolean {
  return [...database.pending.values()].some(
    ({ pending }) => recordBytesMax(pending) <= broker.batchBytesMax,
  )
}

function isAtRest({ timeline, processes, database, exchanges }: World): boolean {
  return (
    timeline.isIdle &&
    database.pending.size === 0 &&
    processes.every(isIdle) &&
    exchanges.every(({ process, reply }) => !process.isAlive || reply !== undefined)
  )
}

function isIdle({ isServing, publications }: ModelProcess): boolean {
  return isServing && publications.count === 0
}
