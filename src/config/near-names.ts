import type { Environment } from './environment.ts'
import { listSettings } from './settings-schema.ts'

/** A letter left out, added or changed, or two of them swapped. */
const DISTANCE_MAX = 1

/** A shorter name has too many neighbours that mean something else. */
const LENGTH_MIN = 6

/**
 * A sentence for each name that is nearly a setting's and is none: it would be ignored, and the default
 * would hold. Names that other programs read, such as HOST or LOG_LEVELS, are too far away or too short.
 */
export function findNearNames(env: Environment): readonly string[] {
  const names = listSettings().map(({ name }) => name)
  const known = new Set(names)
  return Object.keys(env)
    .filter((name) => !known.has(name) && name.length >= LENGTH_MIN)
    .flatMap((name) => {
      const meant = names.find((setting) => isNear(name.toUpperCase(), setting))
      return meant === undefined ? [] : [`${name} is no setting: is ${meant} meant?`]
    })
}

function isNear(one: string, other: string): boolean {
  if (Math.abs(one.length - other.length) > DISTANCE_MAX) return false
  let start = 0
  while (start < one.length && one[start] === other[start]) start += 1
  const [rest, otherRest] = [one.slice(start), other.slice(start)]
  const isSwapped =
    rest.length === otherRest.length &&
    rest[0] === otherRest[1] &&
    rest[1] === otherRest[0] &&
    rest.slice(2) === otherRest.slice(2)
  return (
    isSwapped ||
    rest.slice(1) === otherRest.slice(1) ||
    rest.slice(1) === otherRest ||
    rest === otherRest.slice(1)
  )
}
