import { CommandError } from '../../src/business/errors.ts'
import type { Exchange, World } from './world.ts'

/** What schedules have to bring about, all together: checks of what never happens prove nothing. */
export const HAPPENINGS = [
  'confirmed',
  /** Confirmed by the settlement of the same request, sent before. */
  'shared',
  /** Confirmed by its key, for an earlier request. */
  'replayed',
  'refused',
  'not-applied',
  'unknown',
  'unanswered',
  /** An instance is the owner of what another one, or its predecessor, left. */
  'taken over',
  /** An instance found that another one had taken over from it. */
  'lost',
  /** A request arrived after its sender had given it up. */
  'late',
  /** Two senders sent one event, and the broker refused the later one. */
  'contested',
  /** A request got the ack of another event, by its numbers. */
  'mistaken',
] as const

export type Happening = (typeof HAPPENINGS)[number]

export type Tally = Record<Happening, number>

export function createTally(): Tally {
  return Object.fromEntries(HAPPENINGS.map((happening) => [happening, 0])) as Tally
}

export function addTo(tally: Tally, { exchanges, topic, takenOverCount, lossCount }: World): void {
  for (const exchange of exchanges) tally[happeningOf(exchange)] += 1
  tally['taken over'] += takenOverCount
  tally.lost += lossCount
  tally.late += topic.lateCount
  tally.contested += topic.contestedCount
  tally.mistaken += topic.mistakenCount
}

function happeningOf({ reply, repeats, isReplayed }: Exchange): Happening {
  if (reply === undefined) return 'unanswered'
  if (reply instanceof CommandError) return reply.outcome ?? 'refused'
  if (isReplayed === true) return 'replayed'
  return reply === repeats?.order ? 'shared' : 'confirmed'
}
