import { createSecureContext } from 'node:tls'

/** A certificate with its chain, its key, and the authorities of the clients' certificates. */
export interface TlsMaterial {
  readonly cert: string
  readonly key: string
  /** Undefined: clients need no certificate. */
  readonly ca: string | undefined
}

/**
 * The files as they are put together. Throws where they do not fit, as while they are being replaced: the
 * certificate is there already, and its key is still the old one.
 */
export function parseTlsMaterial(cert: string, key: string, ca?: string): TlsMaterial {
  createSecureContext({ cert, key, ...(ca !== undefined && { ca }) })
  return { cert, key, ca }
}
