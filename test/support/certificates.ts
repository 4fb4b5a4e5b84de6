import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

const OPENSSL_TIMEOUT_MS = 30_000

export interface IssuedCertificate {
  /** The certificate, PEM. */
  readonly certificateFile: string
  /** PKCS #8, PEM, without a password. */
  readonly keyFile: string
  /** Both in one file, key first, as Java's PEM key stores have them. */
  readonly bothFile: string
}

/** An authority of a test's own. */
export interface Authority {
  readonly caFile: string
  /** `altNames`: such as `DNS:localhost,IP:127.0.0.1`. */
  issue(name: string, options?: { altNames?: string; days?: number }): Promise<IssuedCertificate>
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

/** Needs OpenSSL's command, which Node.js does not bring: it reads certificates and makes none. */
export async function createAuthority(folder: string, name = 'test-ca'): Promise<Authority> {
  const caFile = join(folder, `${name}.pem`)
  const caKeyFile = join(folder, `${name}.key`)
  await openssl(
    ['req', '-x509', ...NEW_KEY, '-keyout', caKeyFile, '-out', caFile],
    ['-days', '30', '-subj', `/CN=${name}`],
  )
  return {
    caFile,
    async issue(subject, { altNames = 'DNS:localhost', days = 30 } = {}) {
      const path = (suffix: string): string => join(folder, `${subject}.${suffix}`)
      await openssl(
        ['req', ...NEW_KEY, '-keyout', path('key'), '-out', path('csr')],
        ['-subj', `/CN=${subject}`],
      )
      await writeFile(path('ext'), `subjectAltName=${altNames}\n`)
      await openssl(
        ['x509', '-req', '-in', path('csr'), '-CA', caFile, '-CAkey', caKeyFile],
        ['-set_serial', String(Date.now()), '-days', String(days)],
        ['-extfile', path('ext'), '-out', path('pem')],
      )
      const [key, certificate] = await Promise.all([readFile(path('key')), readFile(path('pem'))])
      await writeFile(path('both.pem'), Buffer.concat([key, certificate]))
      return {
        certificateFile: path('pem'),
        keyFile: path('key'),
        bothFile: path('both.pem'),
      }
    },
  }
}

async function openssl(...groups: ReadonlyArray<readonly string[]>): Promise<void> {
  await run('openssl', groups.flat(), { timeout: OPENSSL_TIMEOUT_MS })
}
