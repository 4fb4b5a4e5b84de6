import type { ChangePlaces } from '../../src/api/admission/admit-work.ts'

export interface CountedPlaces extends ChangePlaces {
  readonly taken: () => number
  readonly left: () => number
}

/** Counts the places that are taken, of so many. */
export function countedPlaces(max = Infinity): CountedPlaces {
  let taken = 0
  let left = 0
  return {
    taken: () => taken,
    left: () => left,
    enter() {
      if (taken >= max) return false
      taken += 1
      return true
    },
    leave() {
      left += 1
    },
    isFull: () => false,
    outcomeOfRefusal: () => 'not-applied',
  }
}
