import type { CredentialCheck, CredentialVerdict } from '../../business/callers/credential-check.ts'
import { NOT_A_CREDENTIAL } from '../../business/callers/credential-check.ts'
import type { Clock } from '../../business/ports.ts'
import { principalOf, type Caller } from '../../models/caller.ts'
import { hashApiKey, isApiKey, parseKeyFile, type KeyLine } from './key-file.ts'

const UNKNOWN: CredentialVerdict = { kind: 'refused', fault: 'unknown' }

const EXPIRED: CredentialVerdict = { kind: 'refused', fault: 'expired' }

/** Of as many owners the end of their keys is told: the first that end. */
const ENDS_MAX = 100

interface KnownKey {
  readonly id: string
  readonly verdict: CredentialVerdict
  readonly endsAtMs: number
}

export type KnownKeys = ReadonlyMap<string, KnownKey>

export function parseKnownKeys(text = ''): KnownKeys {
  return new Map(
    Array.from(parseKeyFile(text), ([hash, line]) => [
      hash,
      { id: line.id, verdict: { kind: 'known', caller: callerOf(line) }, endsAtMs: line.endsAtMs },
    ]),
  )
}

function callerOf({ id, scopes }: KeyLine): Caller {
  const principal = principalOf('api_key', id)
  if (principal === undefined) throw new TypeError('the file of keys has let a wrong id through')
  return { principal, scopes }
}

export type KeyEnd = Pick<KeyLine, 'id' | 'endsAtMs'>

/**
 * Of each owner the key that ends first, also where it has another one: it may not use that yet. A key that
 * has ended is among them until its line is gone.
 */
export function listKeyEnds(keys: KnownKeys): readonly KeyEnd[] {
  const inOrder = [...keys.values()].toSorted((one, other) => one.endsAtMs - other.endsAtMs)
  const firsts = new Map<string, KeyEnd>()
  for (const { id, endsAtMs } of inOrder) {
    if (firsts.size === ENDS_MAX) break
    if (!firsts.has(id)) firsts.set(id, { id, endsAtMs })
  }
  return [...firsts.values()]
}

/** By hash: how long a look takes says something of the hash, and nothing of a key that has it. */
export function createKeyCheck(
  keys: { readonly content: KnownKeys },
  clock: Pick<Clock, 'now'>,
): CredentialCheck {
  return {
    check(credential) {
      if (!isApiKey(credential)) return NOT_A_CREDENTIAL
      const key = keys.content.get(hashApiKey(credential))
      if (key === undefined) return UNKNOWN
      return clock.now().getTime() < key.endsAtMs ? key.verdict : EXPIRED
    },
  }
}
