import assert from 'node:assert/strict'
import type { OrderId, OrderStatus } from '../../src/models/order.ts'
import { LEASE_MS, type ModelProcess } from './model-process.ts'
import type { Request, World } from './world.ts'

/** What can happen next in a schedule, and how often. `choice`: which of several, and for how long. */
export type Move = (world: World, choice: number) => void | Promise<void>

/** The first three in one partition, so that they share batches; the last one in the other. */
const ORDERS = ['a', 'b', 'c', 'd'] as OrderId[]
const STATUSES: readonly OrderStatus[] = ['confirmed', 'shipped']
/** Before and after a renewal, a deadline, the end of a lease. */
const PASSES_MS = [100, 1_000, 3_000, 6_000, 11_000] as const
const FAULTS_LAST_MS = [1_000, 6_000, 11_000, 25_000] as const

/** Less than what an instance uses of its lease after a renewal. */
const USURPED_FOR_MS = 5_000
/** After it everybody has renewed, or tried to. */
const RENEWAL_MS = LEASE_MS / 5

/** Of the choice among several orders: one is of the other partition. */
const OTHER_PARTITION_BIT = 0b1_0000_0000

/** Enough for a change from its request to its reply. */
const FLOW_STEPS_MAX = 16

/** The topic takes one large event, two small ones, one small one, or none. */
const BATCH_BYTES_MAX = [1_000, 800, 500, 100] as const

export function goOn({ timeline }: World, choice: number): void {
  const possible = timeline.possible()
  const step = possible[choice % possible.length]
  if (step === undefined) timeline.advanceToNextTimer()
  else timeline.take(step)
}

/** Several steps as they come. */
export async function flow(world: World, choice: number): Promise<void> {
  for (let step = choice % FLOW_STEPS_MAX; step >= 0; step -= 1) {
    goOn(world, 0)
    await world.settleDown()
  }
}

export function ask(world: World, choice: number): void {
  const process = pickServing(world, choice)
  if (process !== undefined) world.send(process, requestOf(world, choice >> 2))
}

/** Several orders at once, so that there is more than one event to send. */
export function askMany(world: World, choice: number): void {
  const process = pickServing(world, choice)
  if (process === undefined) return
  const count = 2 + ((choice >> 2) & 1)
  const last = (choice & OTHER_PARTITION_BIT) === 0 ? count - 1 : ORDERS.length - 1
  for (let index = 0; index < count; index += 1) {
    const order = index < count - 1 ? index : last
    // Whichever comes first, without a key, and each of another size.
    world.send(process, sensibleRequest(world, order, choice >> (3 + index)))
  }
}

export function pickServing(world: World, choice: number): ModelProcess | undefined {
  const serving = world.processes.filter(({ isServing, isPaused }) => isServing && !isPaused)
  return pick(serving, choice)
}

/** Most can be carried out. Half carry a key: most of these one that means this request, some one for any. */
function requestOf(world: World, choice: number): Request {
  const orderIndex = choice % ORDERS.length
  const request =
    ((choice >> 2) & 3) === 0
      ? anyRequest(orderIndex, choice >> 4)
      : sensibleRequest(world, orderIndex, choice >> 4)
  const { orderId, items, status } = request
  const key = (choice >> 6) % 8
  if (key < 4) return request
  return { ...request, idempotencyKey: key < 7 ? `${orderId}-${items ?? status}` : 'any' }
}

/** A creation where there is no order, else a change. */
export function sensibleRequest({ database }: World, orderIndex: number, choice: number): Request {
  const orderId = ORDERS[orderIndex] ?? assert.fail()
  return anyRequest(orderIndex, database.orders.has(orderId) ? (choice & 1) + 2 : choice & 1)
}

function anyRequest(orderIndex: number, choice: number): Request {
  const orderId = ORDERS[orderIndex] ?? assert.fail()
  const kind = choice & 3
  if (kind < 2) return { orderId, items: kind + 1 }
  return { orderId, status: STATUSES[kind - 2] ?? assert.fail() }
}

export function passTime({ timeline }: World, choice: number): void {
  const byMs = PASSES_MS[choice % (2 * PASSES_MS.length)]
  if (byMs === undefined) timeline.advanceToNextTimer()
  else timeline.advance(byMs)
}

/** Of what is under way to the database or the broker. */
export function spoilStep({ timeline }: World, choice: number): void {
  const fragile = timeline.possible().filter(({ place }) => place !== 'process')
  const step = pick(fragile, choice)
  if (step === undefined) return
  const how = choice >> 6
  if (how % 3 === 0) timeline.hold(step, durationOf(how))
  else timeline.spoil(step, how)
}

export function pause(world: World, choice: number): void {
  const process = pick(
    world.processes.filter(({ isAlive, isPaused }) => isAlive && !isPaused),
    choice,
  )
  if (process !== undefined) world.pause(process, durationOf(choice >> 2))
}

export function kill(world: World, choice: number): void {
  const slots = [...world.processes.keys()].filter((slot) => world.processes[slot]?.isAlive)
  const slot = pick(slots, choice)
  if (slot !== undefined) world.kill(slot, durationOf(choice >> 2))
}

export function stop(world: World, choice: number): void {
  const slots = [...world.processes.keys()].filter((slot) => world.processes[slot]?.isServing)
  const slot = pick(slots, choice)
  if (slot !== undefined) world.stop(slot, durationOf(choice >> 2))
}

export function cutOff({ timeline }: World, choice: number): void {
  const place = choice % 2 === 0 ? 'database' : 'broker'
  if (!timeline.isAway[place]) timeline.cutOff(place, durationOf(choice >> 1))
}

/** A leader change where something can get lost, if there is such a partition. */
export function elect({ broker, timeline }: World, choice: number): void {
  const fragile = broker.partitions.filter(({ leader, committedEnd }) => leader.end > committedEnd)
  const partition = pick(fragile.length > 0 ? fragile : broker.partitions, choice)
  const isZombie = ((choice >> 4) & 1) === 1
  partition?.elect((choice >> 1) % 3, ((choice >> 3) & 1) === 1, isZombie)
  if (partition === undefined || !isZombie) return
  const { zombie } = partition
  timeline.later(durationOf(choice >> 5), 'a former leader learns of it', () => {
    if (partition.zombie === zombie) partition.retireZombie()
  })
}

/** Somebody sets the topic's limits or rights, or a day passes without this producer. */
export function changeTopic(
  { broker, database, timeline, isLeaseBroken }: World,
  choice: number,
): void {
  const forMs = durationOf(choice >> 6)
  switch (choice % 5) {
    case 0:
    case 1: {
      broker.batchBytesMax = pick(BATCH_BYTES_MAX, choice >> 3) ?? Infinity
      timeline.tellOfFate(`the topic takes ${broker.batchBytesMax} bytes for ${forMs} ms`)
      timeline.later(forMs, 'the topic takes all sizes', () => {
        broker.batchBytesMax = Infinity
      })
      return
    }
    case 2:
      broker.isWritingAllowed = false
      timeline.tellOfFate(`nobody may write for ${forMs} ms`)
      timeline.later(forMs, 'all may write', () => {
        broker.isWritingAllowed = true
      })
      return
    case 3:
      broker.isDescribingAllowed = false
      timeline.tellOfFate(`nobody may ask who writes for ${forMs} ms`)
      timeline.later(forMs, 'all may ask who writes', () => {
        broker.isDescribingAllowed = true
      })
      return
    case 4:
      // One who sends what is not its own any more would have to come within the time of expiry.
      if (isLeaseBroken) return
      timeline.tellOfFate('the broker forgets old producers')
      broker.expire([...database.pending.values()].map(({ pending }) => pending))
  }
}

/** The leases run out in the database, and nowhere else. */
export function jumpClock(world: World): void {
  world.jumpDatabaseClock(2 * LEASE_MS)
}

/** One stands still, not for as long as its lease, and the others take over from it all the same. */
export function usurp(world: World, choice: number): void {
  const process = pickServing(world, choice)
  if (process !== undefined) displace(world, process)
}

export function displace(world: World, process: ModelProcess): void {
  world.pause(process, USURPED_FOR_MS)
  jumpClock(world)
  world.timeline.advance(RENEWAL_MS)
}

export function durationOf(choice: number): number {
  return pick(FAULTS_LAST_MS, choice) ?? 0
}

export function pick<Value>(values: readonly Value[], choice: number): Value | undefined {
  return values[choice % values.length]
}
