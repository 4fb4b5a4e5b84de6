/** A secret that the settings give: as a text, or as the path of a file that is read at each use. */
export type SecretSetting =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'file'; readonly path: string }

/** Undefined where neither is given; that both are is a contradiction. */
export function toSecret(
  text: string | undefined,
  path: string | undefined,
): SecretSetting | undefined {
  if (path !== undefined) return Object.freeze({ kind: 'file', path })
  return text === undefined ? undefined : Object.freeze({ kind: 'text', text })
}

/** A secret and its file: which one counts would be a guess. */
export function findTwice(name: string, isSet: (name: string) => boolean): string[] {
  return isSet(name) && isSet(`${name}_FILE`)
    ? [`${name} and ${name}_FILE are both set: leave one of them out`]
    : []
}
