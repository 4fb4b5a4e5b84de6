import type { Caller } from '../../models/caller.ts'

/** Why a credential is not taken: for the log and for counts, never for the caller. */
export type CredentialFault =
  /** It has not the form of any credential that is taken here. */
  | 'not-a-credential'
  /** A key that is in no file, or a token that somebody else signed. */
  | 'unknown'
  /** Its end date has passed. */
  | 'expired'
  /**
   * A token for another audience or of another issuer, one without an end, one that begins later, or one
   * whose subject cannot be a principal.
   */
  | 'not-for-this-service'

export type CredentialVerdict =
  | { readonly kind: 'known'; readonly caller: Caller }
  | { readonly kind: 'refused'; readonly fault: CredentialFault }
  /** Nobody can say now: the keys of the identity provider cannot be read. */
  | { readonly kind: 'unavailable' }
  /** More are being checked than can be. */
  | { readonly kind: 'full' }

export const NOT_A_CREDENTIAL: CredentialVerdict = { kind: 'refused', fault: 'not-a-credential' }

/** Says whose credential it is. It answers at once where it can: most requests wait for nothing. */
export interface CredentialCheck {
  check(credential: string): CredentialVerdict | Promise<CredentialVerdict>
}
