/** The text as one word of a shell's command line. */
export function shellWord(text: string): string {
  return /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}

/** The option that sends the same request to the same service again. */
export function urlAgain(url: string | undefined): string {
  return url === undefined ? '' : ` --url ${shellWord(url)}`
}
