import type { CredentialCheck } from '../../../src/business/callers/credential-check.ts'
import type { Scope } from '../../../src/models/caller.ts'

/** What each caller of the tests may do, by its credential. */
export const CALLERS: Readonly<Record<string, readonly Scope[]>> = {
  reader: ['orders:read'],
  writer: ['orders:write'],
  operator: ['admin'],
  eraser: ['admin', 'orders:write'],
  backoffice: ['orders:read', 'orders:write'],
}

/** The credential is the id of its owner. */
export const knownCallers: CredentialCheck = {
  check(credential) {
    const scopes = CALLERS[credential]
    if (scopes === undefined) return { kind: 'refused', fault: 'unknown' }
    return {
      kind: 'known',
      caller: { principal: `api_key:${credential}`, scopes: new Set(scopes) },
    }
  },
}

export function bearer(credential: string): { readonly authorization: string } {
  return { authorization: `Bearer ${credential}` }
}
