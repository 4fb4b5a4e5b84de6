import { isIP } from 'node:net'
import { getCACertificates, type ConnectionOptions } from 'node:tls'
import { readTextFile } from '../../credentials/secret.ts'

/**
 * TLS as the address of a database has it, in libpq's words. Not left to the driver: it does not know
 * `sslrootcert=system`, and without a host of ours it checks an address for the name `localhost`. The files
 * are read at each connection, so they may be replaced.
 */

const PARAMETERS = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey'] as const

export interface SplitAddress {
  /** Without any word on TLS. */
  readonly url: string
  /** False: without TLS, whatever the environment says. */
  readonly ssl: ConnectionOptions | false
}

/** Throws with a sentence where a file cannot be read. */
export function splitTls(address: string): SplitAddress {
  const url = new URL(address)
  const [mode, rootCert, cert, key] = PARAMETERS.map((name) => url.searchParams.get(name))
  for (const name of PARAMETERS) url.searchParams.delete(name)
  if (mode === undefined || mode === null || mode === 'disable')
    return { url: url.href, ssl: false }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  return {
    url: url.href,
    ssl: {
      rejectUnauthorized: true,
      ...(isIP(host) !== 0 && { host }),
      ...(rootCert && {
        ca: rootCert === 'system' ? getCACertificates('system') : readTextFile(rootCert),
      }),
      ...(cert && { cert: readTextFile(cert) }),
      ...(key && { key: readTextFile(key) }),
      ...(mode === 'verify-ca' && { checkServerIdentity: () => undefined }),
    },
  }
}
