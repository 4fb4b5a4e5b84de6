import {
  goOn,
  flow,
  ask,
  askMany,
  passTime,
  spoilStep,
  elect,
  changeTopic,
  pause,
  kill,
  stop,
  cutOff,
  jumpClock,
  usurp,
  type Move,
} from './moves.ts'
import {
  delayRequest,
  displaceBusy,
  displaceIdle,
  leaveBehind,
  parkDelayed,
  race,
} from './encounters.ts'

/**
 * How many of 256 moves are of each kind, by the first byte of a schedule: rare things that have to come
 * together do so only where others are rarer.
 */
export const MIXES: ReadonlyArray<ReadonlyArray<readonly [weight: number, move: Move]>> = [
  // All of it.
  [
    [150, goOn],
    [20, flow],
    [20, ask],
    [10, askMany],
    [12, passTime],
    [19, spoilStep],
    [5, elect],
    [4, changeTopic],
    [5, pause],
    [4, kill],
    [3, stop],
    [3, cutOff],
    [1, jumpClock],
  ],
  // Leaders change, and instances.
  [
    [136, goOn],
    [20, flow],
    [20, ask],
    [14, askMany],
    [12, passTime],
    [16, spoilStep],
    [4, delayRequest],
    [4, race],
    [4, leaveBehind],
    [14, elect],
    [6, pause],
    [4, kill],
    [2, cutOff],
  ],
  // The topic refuses.
  [
    [140, goOn],
    [20, flow],
    [20, ask],
    [20, askMany],
    [12, passTime],
    [20, spoilStep],
    [4, elect],
    [8, changeTopic],
    [6, parkDelayed],
    [4, pause],
    [2, kill],
  ],
  // Leases are not what they say.
  [
    [136, goOn],
    [20, flow],
    [20, ask],
    [16, askMany],
    [12, passTime],
    [18, spoilStep],
    [4, delayRequest],
    [4, elect],
    [6, changeTopic],
    [4, pause],
    [2, stop],
    [1, jumpClock],
    [3, usurp],
    [4, displaceBusy],
    [3, displaceIdle],
    [3, race],
  ],
]

export function moveOf(mix: (typeof MIXES)[number], what: number): Move {
  let below = 0
  for (const [weight, move] of mix) {
    below += weight
    if (what < below) return move
  }
  return goOn
}
