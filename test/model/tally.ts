import { CommandError } from '../../src/business/errors.ts'
import type { Exchange, World } from './world.ts'

/** How requests end. */
const ENDS = [
  'confirmed',
  /** Confirmed by the settlement of the same request, sent before. */
  'shared',
  /** Confirmed by its key, for an earlier request. */
  'replayed',
  'refused',
  'not-applied',
  'unknown',
  'unanswered',
] as const

const BROKER_HAPPENINGS = [
  /** A Produce request arrived after its sender had given it up, and was appended. */
  'late appended',
  /** A batch that the log has was answered as a repeat. */
  'repeat recognised',
  /** A first request was: somebody else had used its numbers. */
  'first is a repeat',
  /** The numbers of a batch were not the next ones. */
  'contested',
  /** An election took away what was not committed. */
  'truncated',
  'zombie appended',
  'zombie looked',
  /** A look found that the next record is not replicated. */
  'unreplicated page',
  'partition refused',
  /** The broker answered nothing for a while, and had said so. */
  'throttled',
  'event refused',
  /** Several events were refused together, and sent in halves. */
  'halved',
  /** The same for events in doubt. */
  'shrunk',
  /** One event in doubt was refused alone. */
  'parked',
  /** A lane sent as the producer of another one. */
  'sent for others',
  /** The broker forgot a producer. */
  'expired',
  /** One request carried batches of both partitions. */
  'sent together',
  /** A lane that had sent alone was well again. */
  'together again',
] as const

const INSTANCE_HAPPENINGS = [
  /** An instance is the owner of what another one, or its predecessor, left. */
  'taken over',
  /** An instance found that another one had taken over from it. */
  'lost',
  /** An instance gave a stalled partition's events to whoever takes them. */
  'handed over',
  /** A lane found that somebody else sends with its numbers. */
  'suspected',
  /** Leases ran out in the database while their instances held them. */
  'lease broken',
  /** Several events left in one batch. */
  'batched',
] as const

/** Schedules have to bring these about, all together: checks of what never happens prove nothing. */
export const HAPPENINGS = [...ENDS, ...BROKER_HAPPENINGS, ...INSTANCE_HAPPENINGS] as const

export type BrokerHappening = (typeof BROKER_HAPPENINGS)[number]
export type Happening = (typeof HAPPENINGS)[number]
export type Tally = Record<Happening, number>
/** How often it happened in one world. */
export type Counts = Tally

export function createTally(): Tally {
  return Object.fromEntries(HAPPENINGS.map((happening) => [happening, 0])) as Tally
}

export function addTo(tally: Tally, { exchanges, counts }: World): void {
  for (const happening of HAPPENINGS) tally[happening] += counts[happening]
  for (const exchange of exchanges) tally[endOf(exchange)] += 1
}

function endOf({ reply, repeats, isReplayed }: Exchange): (typeof ENDS)[number] {
  if (reply === undefined) return 'unanswered'
  if (reply instanceof CommandError) return reply.outcome ?? 'refused'
  if (isReplayed === true) return 'replayed'
  return reply === repeats?.order ? 'shared' : 'confirmed'
}

/** Those that have not happened, but for those with so little room that chance may keep them out. */
export function missingIn(tally: Tally, instanceCount: number): Happening[] {
  return HAPPENINGS.filter(
    (happening) => tally[happening] === 0 && !(instanceCount === 1 && RARE_ALONE.has(happening)),
  )
}

/** With one instance at a time, whose predecessor is dead. */
const RARE_ALONE: ReadonlySet<Happening> = new Set([
  'lost',
  'handed over',
  'lease broken',
  'suspected',
  'first is a repeat',
])
