import { NOT_A_CREDENTIAL, type CredentialCheck } from './credential-check.ts'

/** The forms of credentials do not overlap: whichever check knows the form says whose it is. */
export function eitherCheck(checks: readonly CredentialCheck[]): CredentialCheck {
  return {
    check(credential) {
      for (const one of checks) {
        const verdict = one.check(credential)
        if (verdict !== NOT_A_CREDENTIAL) return verdict
      }
      return NOT_A_CREDENTIAL
    },
  }
}
