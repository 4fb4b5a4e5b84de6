/** A number where it is one, else the text as it is: the service says what is wrong with it. */
export function numberOrText(text: string): number | string {
  const trimmed = text.trim()
  return /^-?\d{1,15}(?:\.\d{1,15})?$/u.test(trimmed) ? Number(trimmed) : text
}
