import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import type { Environment } from './environment.ts'
import { listSettings } from './settings-schema.ts'

export const ENV_FILE = '.env'

/** No setting of ours: the driver of PostgreSQL reads it. */
export const DRIVER_PASSWORD = 'PGPASSWORD'

export type EnvFile =
  | { readonly kind: 'read'; readonly env: Environment }
  | { readonly kind: 'missing' }
  /** `problem`: a sentence. */
  | { readonly kind: 'refused'; readonly problem: string }

const SAVE_AS = 'save it as plain text in UTF-8, without a byte order mark'

/**
 * The `.env` file of the working directory. One that is there and cannot be read as text is refused: read
 * as another encoding it would be no settings at all, and the service would start on its defaults.
 */
export function readEnvFile(path = ENV_FILE): EnvFile {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    if (code === 'ENOENT') return { kind: 'missing' }
    const reason = code === 'EISDIR' ? 'is a folder, and no file' : `cannot be read (${code})`
    return { kind: 'refused', problem: `${path} ${reason}` }
  }
  const text = readText(bytes)
  if (text === undefined) {
    return { kind: 'refused', problem: `${path} is not readable as text: ${SAVE_AS}` }
  }
  const name = findCutValue(text)
  return name === undefined
    ? { kind: 'read', env: parseEnv(text) }
    : { kind: 'refused', problem: `${path}, ${name}: ${CUT}` }
}

const CUT = 'a # would end the value; write the value in quotes, or a blank before the #'

/** A line that has a value without quotes, and a # right behind a sign of it. */
const CUT_LINE = /^[ \t]*(?:export[ \t]+)?(\w+)[ \t]*=[ \t]*[^\s'"`#][^#\n]*(?<=\S)#/gm

/** The setting whose value would be cut: the rest of a password would be a comment. */
function findCutValue(text: string): string | undefined {
  const names = new Set(listSettings().map(({ name }) => name)).add(DRIVER_PASSWORD)
  return Array.from(text.matchAll(CUT_LINE), ([, name = '']) => name).find((name) =>
    names.has(name),
  )
}

/** Undefined where it begins with a mark, holds zero bytes as UTF-16 does, or is no UTF-8. */
function readText(bytes: Buffer): string | undefined {
  if (bytes.includes(0) || bytes.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf]))) {
    return undefined
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}
