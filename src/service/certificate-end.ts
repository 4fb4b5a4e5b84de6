import { X509Certificate } from 'node:crypto'

export interface CertificateSource {
  /** One word for what it is used for. */
  readonly kind: string
  /** PEM, as it is used now. Throws where it cannot be had. */
  readonly read: () => string
  /** A file of one authority ends as a certificate does; one of many is replaced as a whole. */
  readonly isOfAuthorities?: boolean
}

export interface CertificateEnd {
  readonly kind: string
  readonly endsAt: Date
}

const BEGIN = /-----BEGIN CERTIFICATE-----/gu

/**
 * When these certificates end: of a chain the first, which is ours. They are read each time, because they
 * are replaced while the service runs. One that cannot be read is left out; the connection that needs it
 * says why.
 */
export function listCertificateEnds(
  sources: readonly CertificateSource[],
): readonly CertificateEnd[] {
  return sources.flatMap(({ kind, read, isOfAuthorities = false }) => {
    try {
      const text = read()
      if (isOfAuthorities && [...text.matchAll(BEGIN)].length > 1) return []
      return [{ kind, endsAt: new X509Certificate(text).validToDate }]
    } catch {
      return []
    }
  })
}
