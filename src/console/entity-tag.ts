/**
 * The tag of an order as the service gave it: its version in quotes. A proxy that compresses makes it weak
 * (`W/"3"`) or writes the coding into it (`"3-gzip"`), and a change by such a tag is refused.
 */
const MARKED = /^(?:W\/)?"(\d+)(?:[-;:+.]{1,2}(?:x-)?(?:gzip|br|zstd|deflate|compress))?"$/iu

export function unmarked(entityTag: string | null): string | null {
  const version = MARKED.exec(entityTag ?? '')?.[1]
  return version === undefined ? entityTag : `"${version}"`
}
