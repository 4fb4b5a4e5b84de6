export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const separator = head.map(() => '---')
  return [head, separator, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

/** Of an even number of values the upper one of the two in the middle. */
export function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? NaN
}
