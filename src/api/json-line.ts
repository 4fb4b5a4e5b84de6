/**
 * JSON on one line, for every reader of lines. Beside the ends of lines that JSON escapes, Unicode has
 * three that it may leave as they are; Python's splitlines() breaks a line there, in the middle of a text.
 */
export function toJsonLine(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[\u0085\u2028\u2029]/g,
    (end) => String.raw`\u` + end.charCodeAt(0).toString(16).padStart(4, '0'),
  )
}
