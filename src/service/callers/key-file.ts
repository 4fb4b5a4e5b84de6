import { hash as digest, randomBytes } from 'node:crypto'
import { isScope, type Scope } from '../../models/caller.ts'

/**
 * The file of API keys. One key a line, four columns:
 *
 *     # id   SHA-256 of the key   scopes                     valid through
 *     shop   9f86d0…              orders:read,orders:write   2027-11-28
 *
 * The key itself is in no file of the service: it is shown once, by `cart keys new`. Two lines may have
 * one id, so that a caller can change from the old key to the new one. A key is 256 random bits, so a
 * hash without salt and without cost says nothing of it.
 */
export interface KeyLine {
  readonly id: string
  /** In hex. */
  readonly hash: string
  readonly scopes: ReadonlySet<Scope>
  /** The first instant at which it is not taken any more. */
  readonly endsAtMs: number
}

const KEY_BYTES = 32

/** No underscore, by which the parts of a key are told apart. */
const KEY_ID = /^[a-z0-9][a-z0-9-]{0,39}$/

export const KEY_ID_FORM = '1 to 40 small letters, digits and hyphens'

const KEY = /^cart_[a-z0-9-]{1,40}_[\w-]{43}$/

const HASH = /^[0-9a-f]{64}$/

const MS_PER_DAY = 86_400_000

export function isKeyId(text: string): boolean {
  return KEY_ID.test(text)
}

/** Whether it is a key by its form: a token of an identity provider never is. */
export function isApiKey(credential: string): boolean {
  return KEY.test(credential)
}

export function newApiKey(id: string): string {
  return `cart_${id}_${randomBytes(KEY_BYTES).toString('base64url')}`
}

export function hashApiKey(key: string): string {
  return digest('sha256', key, 'hex')
}

/** `day` is the last one on which the key is taken, as YYYY-MM-DD in UTC. */
export function formatKeyLine(
  id: string,
  key: string,
  scopes: readonly Scope[],
  day: string,
): string {
  return `${id} ${hashApiKey(key)} ${scopes.join(',')} ${day}`
}

/** By hash. Throws an error that names the line, without repeating it: somebody may have put a key there. */
export function parseKeyFile(text: string): ReadonlyMap<string, KeyLine> {
  const keys = new Map<string, KeyLine>()
  for (const [index, line] of text.split('\n').entries()) {
    const bare = line.trim()
    if (bare === '' || bare.startsWith('#')) continue
    const key = parseKeyLine(bare)
    if (typeof key === 'string') throw new SyntaxError(`line ${index + 1}: ${key}`)
    if (keys.has(key.hash)) throw new SyntaxError(`line ${index + 1}: the key is there twice`)
    keys.set(key.hash, key)
  }
  return keys
}

/** A text says what is wrong. */
function parseKeyLine(line: string): KeyLine | string {
  const [id = '', hash = '', scopeList = '', day = '', ...more] = line.split(/\s+/)
  if (!isKeyId(id)) return `the id must be ${KEY_ID_FORM}`
  if (!HASH.test(hash)) return 'the hash must be a SHA-256 in 64 small hex digits'
  const scopes = scopeList.split(',')
  if (!scopes.every(isScope)) return 'the scopes must be of orders:read, orders:write and admin'
  const endsAtMs = endOfDay(day)
  if (endsAtMs === undefined || more.length > 0) return 'the last day must be as 2027-11-28'
  return { id, hash, scopes: new Set(scopes), endsAtMs }
}

/** Undefined where there is no such day. */
export function endOfDay(day: string): number | undefined {
  const start = Date.parse(`${day}T00:00:00Z`)
  const isDay = !Number.isNaN(start) && new Date(start).toISOString().startsWith(`${day}T`)
  return isDay ? start + MS_PER_DAY : undefined
}
