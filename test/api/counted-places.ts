import type { ChangePlaces } from '../../src/api/admission/admit-work.ts'

export interface CountedPlaces extends ChangePlaces {
  readonly taken: () => number
  readonly begun: () => number
  readonly left: () => number
}

/** Counts the places that are taken; there are enough for heads, and so many for bodies. */
export function countedPlaces(begunMax = Infinity): CountedPlaces {
  let taken = 0
  let begun = 0
  let left = 0
  return {
    taken: () => taken,
    begun: () => begun,
    left: () => left,
    enter() {
      taken += 1
      return {
        begin() {
          if (begun >= begunMax) return false
          begun += 1
          return true
        },
        leave() {
          left += 1
        },
      }
    },
    isFull: () => false,
    outcomeOfRefusal: () => 'not-applied',
  }
}
