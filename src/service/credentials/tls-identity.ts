import { createHash } from 'node:crypto'
import {
  createSecureContext,
  getCACertificates,
  type SecureContext,
  type SecureContextOptions,
} from 'node:tls'
import { readSecret, readTextFile, type Secret } from './secret.ts'

/** The word for the certificates that the operating system trusts. */
export const SYSTEM_CA = 'system'

/** PEM files. Mounted secrets are replaced while we run, so they are read again and again. */
export interface TlsFiles {
  /** Whom we trust; undefined: whom Node.js trusts. */
  readonly caFile?: string | undefined
  /** Our own certificate, with the chain up to a CA that the other side trusts. */
  readonly certificateFile?: string | undefined
  readonly keyFile?: string | undefined
  readonly keyPassword?: Secret | undefined
}

export interface TlsContext {
  readonly context: SecureContext
  /** Another one where the files say something else. */
  readonly revision: string
}

/** Our side of TLS. One context for one content of the files: making it costs milliseconds. */
export class TlsIdentity {
  readonly #files: TlsFiles
  #held: TlsContext | undefined

  constructor(files: TlsFiles) {
    this.#files = files
  }

  /**
   * As the files are now. While they cannot be used, because one of them is half written or does not
   * fit the other, the last good ones. Throws with a sentence where there were none.
   */
  current(): TlsContext {
    try {
      const options = this.#read()
      const revision = hashOf(options)
      if (this.#held?.revision !== revision) {
        this.#held = { context: createSecureContext(options), revision }
      }
      return this.#held
    } catch (error) {
      if (this.#held !== undefined) return this.#held
      throw new Error(`the TLS files cannot be used: ${messageOf(error)}`, { cause: error })
    }
  }

  #read(): SecureContextOptions {
    const { caFile, certificateFile, keyFile, keyPassword } = this.#files
    return {
      ...(caFile !== undefined && {
        ca: caFile === SYSTEM_CA ? getCACertificates('system') : readTextFile(caFile),
      }),
      ...(certificateFile !== undefined && { cert: readTextFile(certificateFile) }),
      ...(keyFile !== undefined && { key: readTextFile(keyFile) }),
      ...(keyPassword !== undefined && { passphrase: readSecret(keyPassword) }),
    }
  }
}

function hashOf(content: SecureContextOptions): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('base64')
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
