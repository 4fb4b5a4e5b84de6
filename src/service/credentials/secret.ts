import { readFileSync } from 'node:fs'

/** A password or a token: as the settings say it, or in a file that may change while we run. */
export type Secret =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'file'; readonly path: string }

/**
 * The secret as it is now. A line break at the end of a file is the editor's, and no part of it.
 * Throws with a sentence that does not repeat it.
 */
export function readSecret(secret: Secret): string {
  if (secret.kind === 'text') return secret.text
  const text = readTextFile(secret.path).replace(/\r?\n$/, '')
  if (text === '') throw new Error(`${secret.path} is empty, and should hold a secret`)
  return text
}

/** Throws with a sentence. */
export function readTextFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    throw new Error(`${path} cannot be read (${code})`, { cause: error })
  }
}
