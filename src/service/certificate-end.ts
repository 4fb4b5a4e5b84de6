import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'

export interface CertificateFile {
  /** One word for what it is used for. */
  readonly kind: string
  readonly path: string
  /** A file of one authority ends as a certificate does; one of many is replaced as a whole. */
  readonly isOfAuthorities?: boolean
}

export interface CertificateEnd {
  readonly kind: string
  readonly endsAt: Date
}

const BEGIN = /-----BEGIN CERTIFICATE-----/gu

/**
 * When the certificates in these PEM files end: of a chain the first, which is ours. The files are read
 * each time, because they are replaced while the service runs. One that cannot be read is left out; the
 * connection that needs it says why.
 */
export function listCertificateEnds(files: readonly CertificateFile[]): readonly CertificateEnd[] {
  return files.flatMap(({ kind, path, isOfAuthorities = false }) => {
    try {
      const text = readFileSync(path, 'utf8')
      if (isOfAuthorities && [...text.matchAll(BEGIN)].length > 1) return []
      return [{ kind, endsAt: new X509Certificate(text).validToDate }]
    } catch {
      return []
    }
  })
}
