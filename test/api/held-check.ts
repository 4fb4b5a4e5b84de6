import type {
  CredentialCheck,
  CredentialVerdict,
} from '../../src/business/callers/credential-check.ts'

export interface HeldCheck {
  readonly callers: CredentialCheck
  /** How many credentials it was asked about. */
  readonly asked: () => number
  /** All are those of one caller, who may read and write orders. */
  readonly release: () => void
}

/** A check of credentials that says nothing before it is released. */
export function createHeldCheck(): HeldCheck {
  const verdict = Promise.withResolvers<CredentialVerdict>()
  let asked = 0
  return {
    callers: {
      check() {
        asked += 1
        return verdict.promise
      },
    },
    asked: () => asked,
    release() {
      const scopes = new Set(['orders:read', 'orders:write'] as const)
      verdict.resolve({ kind: 'known', caller: { principal: 'api_key:one', scopes } })
    },
  }
}
