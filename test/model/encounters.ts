import { isLateProduce, isProduce, LATE, LOST } from './model-produce.ts'
import { displace, durationOf, goOn, pick, pickServing, sensibleRequest } from './moves.ts'
import { LEASE_MS, type ModelProcess } from './model-process.ts'
import type { Step, Timeline } from './timeline.ts'
import type { World } from './world.ts'

/** Several moves in one, which bring together what hardly meets by chance. */

/** Enough for a lane to connect, to ask, to look and to send, beside what else goes on. */
const MEETING_STEPS_MAX = 60

/** From a renewal to what was taken over on its way. */
const TAKE_OVER_STEPS = 30

/** From a request to its reply. */
const CONFIRM_STEPS = 16

/** Three orders of one partition. */
const CROWD = 3

/** From their requests to a full queue. */
const CROWD_STEPS_MAX = 16

/** Two changes are stored, and their instance has not heard of it. */
const RESERVING = ['find order', 'find order answered', 'reserve']

/** A new connection is there only after the queue has grown. */
const RECONNECTING = [
  'loses its connection',
  'reserve answered',
  'connects',
  'connects answered',
  // What is parked goes first.
  'DescribeProducers',
  'DescribeProducers',
  'ListOffsets',
  'Fetch from',
  'ListOffsets answered',
  'Produce',
  'Produce',
]

/** A start, and what else it takes until a lease is taken over from. */
const RESTART_MS = 1_000

const SMALLEST_BYTES_MAX = 100

/** A Produce request is late, and held up. */
export function delayRequest({ timeline }: World, choice: number): void {
  const request = pick(timeline.possible().filter(isProduce), choice)
  if (request !== undefined) delay(timeline, request, durationOf(choice >> 2))
}

function delay(timeline: Timeline, request: Step, forMs: number): void {
  timeline.spoil(request, LATE)
  const late = timeline.possible().findLast(isLateProduce)
  if (late !== undefined) timeline.hold(late, forMs)
}

/** It arrives just before the next request that leaves. */
export async function race(world: World, choice: number): Promise<void> {
  const { timeline } = world
  const late = pick(timeline.heldUp().filter(isLateProduce), choice)
  if (late === undefined) return
  for (let step = 0; step < MEETING_STEPS_MAX; step += 1) {
    const other = timeline.possible().find(isProduce)
    if (other !== undefined) {
      timeline.hasten(late)
      await world.settleDown()
      return timeline.take(other)
    }
    await goOnFor(world, 1)
  }
}

/** What is late would be taken again by the time that it arrives. */
export async function parkDelayed(world: World, choice: number): Promise<void> {
  delayRequest(world, choice)
  if (!world.timeline.heldUp().some(isLateProduce)) return
  await refuseUntilParked(world)
  const process = pickServing(world, choice >> 4)
  if (process === undefined) return
  world.send(process, sensibleRequest(world, (choice >> 6) % CROWD, choice >> 8))
  await race(world, choice)
}

/** The topic takes nothing until something in doubt is parked. */
async function refuseUntilParked(world: World): Promise<void> {
  const { broker, timeline, counts } = world
  broker.batchBytesMax = SMALLEST_BYTES_MAX
  timeline.tellOfFate('the topic takes nothing')
  const { parked } = counts
  for (let step = 0; step < MEETING_STEPS_MAX && counts.parked === parked; step += 1) {
    await goOnFor(world, 1)
  }
  await goOnFor(world, 2)
  broker.batchBytesMax = Infinity
  timeline.tellOfFate('the topic takes all sizes')
}

/** It has a queue that it has not sent, and the others take over from it. */
export async function displaceBusy(world: World, choice: number): Promise<void> {
  const process = pickServing(world, choice)
  if (process === undefined) return
  for (let index = 0; index < CROWD; index += 1) {
    world.send(process, sensibleRequest(world, index, choice >> (2 + index)))
  }
  await goOnFor(world, (choice >> 5) % CROWD_STEPS_MAX, choice)
  displace(world, process)
  await goOnFor(world, TAKE_OVER_STEPS)
}

/**
 * What it stored is taken over and sent while it stands still. It comes back over a new connection, so
 * that it knows how far the topic was read, and sends the same events in another order.
 */
export async function displaceIdle(world: World, choice: number): Promise<void> {
  const process = pickServing(world, choice)
  if (process === undefined) return
  await reserveTwo(world, process, choice, (choice & 1) === 1)
  displace(world, process)
  await goOnFor(world, TAKE_OVER_STEPS)
  for (const partition of world.broker.partitions) partition.elect(Infinity, false, false)
  process.isPaused = false
  for (const what of RECONNECTING) await takeAll(world, process, what)
}

/**
 * One dies of whose two changes the second has left, and is late; it arrives when whoever takes both over
 * sends the first with the same number.
 */
export async function leaveBehind(world: World, choice: number): Promise<void> {
  const process = pickServing(world, choice)
  if (process === undefined) return
  await reserveTwo(world, process, choice)
  const { timeline } = world
  const heard = timeline.possible().findLast((step) => isOf(step, process, 'reserve answered'))
  if (heard !== undefined) timeline.take(heard)
  await world.settleDown()
  const request = timeline.possible().find((step) => step.actor === process && isProduce(step))
  if (request !== undefined) delay(timeline, request, 3 * LEASE_MS)
  world.kill(world.processes.indexOf(process), RESTART_MS)
  timeline.advance(LEASE_MS + RESTART_MS)
  await race(world, 0)
}

/**
 * They are stored, it has not heard of it, and the broker knows its producer. Before them one more may be
 * parked.
 */
async function reserveTwo(
  world: World,
  process: ModelProcess,
  choice: number,
  isParked = false,
): Promise<void> {
  world.send(process, sensibleRequest(world, 2, choice >> 2))
  await goOnFor(world, CONFIRM_STEPS)
  if (isParked) await parkOne(world, process, choice)
  world.send(process, sensibleRequest(world, 0, choice >> 3))
  world.send(process, sensibleRequest(world, 1, choice >> 4))
  await world.settleDown()
  for (const what of RESERVING) await takeAll(world, process, what)
}

async function parkOne(world: World, process: ModelProcess, choice: number): Promise<void> {
  const { timeline } = world
  world.send(process, sensibleRequest(world, 2, choice >> 5))
  for (let step = 0; step < CONFIRM_STEPS; step += 1) {
    const request = timeline.possible().find((it) => it.actor === process && isProduce(it))
    if (request !== undefined) {
      timeline.spoil(request, LOST)
      return refuseUntilParked(world)
    }
    await goOnFor(world, 1)
  }
}

/** Of this process, the newest first. */
async function takeAll(world: World, process: ModelProcess, what: string): Promise<void> {
  const { timeline } = world
  const meant = timeline.possible().filter((step) => isOf(step, process, what))
  for (const step of meant.toReversed()) {
    timeline.take(step)
    await world.settleDown()
  }
}

/** `what`: its first words. */
function isOf(step: Step, process: ModelProcess, what: string): boolean {
  return step.actor === process && step.what.split(/[:\d]/)[0]?.trim() === what
}

/** `choice` 0: as the steps come. */
async function goOnFor(world: World, count: number, choice = 0): Promise<void> {
  await world.settleDown()
  for (let step = 0; step < count; step += 1) {
    goOn(world, choice >> (step % 8))
    await world.settleDown()
  }
}
