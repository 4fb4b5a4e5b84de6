/** One mistake for so many letters: a name that has more is another name. */
const LETTERS_PER_MISTAKE = 3

const SHOWN_MAX = 3

/** The names that a word may be meant for, likeliest first: those it begins, and those a typo away. */
export function nearest(word: string, names: readonly string[]): readonly string[] {
  const begun = names.filter((name) => word !== '' && name.startsWith(word))
  const mistyped = names
    .map((name) => ({ name, distance: distanceOf(word, name) }))
    .filter(({ name, distance }) => distance <= Math.ceil(name.length / LETTERS_PER_MISTAKE))
    .toSorted((one, other) => one.distance - other.distance)
    .map(({ name }) => name)
  return [...new Set([...begun, ...mistyped])].slice(0, SHOWN_MAX)
}

/** How many letters are left out, added or changed, or swapped with their neighbour. */
function distanceOf(one: string, other: string): number {
  const rows = [Array.from({ length: other.length + 1 }, (_, index) => index)]
  for (let at = 1; at <= one.length; at += 1) {
    const row = [at]
    for (let to = 1; to <= other.length; to += 1) {
      const cost = one[at - 1] === other[to - 1] ? 0 : 1
      const isSwapped = one[at - 1] === other[to - 2] && one[at - 2] === other[to - 1]
      row[to] = Math.min(
        (rows[at - 1]?.[to] ?? 0) + 1,
        (row[to - 1] ?? 0) + 1,
        (rows[at - 1]?.[to - 1] ?? 0) + cost,
        isSwapped ? (rows[at - 2]?.[to - 2] ?? Infinity) + 1 : Infinity,
      )
    }
    rows.push(row)
  }
  return rows.at(-1)?.at(-1) ?? 0
}
