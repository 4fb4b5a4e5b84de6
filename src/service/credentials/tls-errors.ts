/** How a TLS connection fails, in sentences that say whose credential is wrong. */

/** For the sentences. */
export interface TlsPeer {
  /** "the broker" */
  readonly name: string
  readonly caSetting: string
  readonly certificateSetting: string
  /** Whether we show one. */
  readonly hasCertificate: boolean
}

type Sentence = (peer: TlsPeer) => string

const UNTRUSTED: Sentence = ({ name, caSetting }) =>
  `the certificate of ${name} is from nobody whom ${caSetting} names`

/** Some say the same, a bad certificate, where there is none. */
const CERTIFICATE_REFUSED: Sentence = ({ name, certificateSetting, hasCertificate }) =>
  hasCertificate
    ? `${name} refuses the certificate of ${certificateSetting}`
    : `${name} demands a certificate of ours: set ${certificateSetting}`

const NO_TLS: Sentence = ({ name }) => `${name} does not speak TLS on this port`

/** By the code of the error: OpenSSL's names. */
const SENTENCES: Readonly<Record<string, Sentence>> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  CERT_SIGNATURE_FAILURE: UNTRUSTED,
  CERT_HAS_EXPIRED: ({ name }) =>
    `the certificate of ${name} has expired, or the clock of this machine is ahead`,
  CERT_NOT_YET_VALID: ({ name }) =>
    `the certificate of ${name} is not valid yet, or the clock of this machine is behind`,
  CERT_REVOKED: ({ name }) => `the certificate of ${name} is revoked`,
  ERR_TLS_CERT_ALTNAME_INVALID: ({ name }) => `the certificate of ${name} is for another host`,
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
}

/** By what the code ends with: alerts of the other side, whose names begin with one of several versions. */
const ALERTS: Readonly<Record<string, Sentence>> = {
  CERTIFICATE_REQUIRED: CERTIFICATE_REFUSED,
  BAD_CERTIFICATE: CERTIFICATE_REFUSED,
  UNKNOWN_CA: CERTIFICATE_REFUSED,
  CERTIFICATE_EXPIRED: CERTIFICATE_REFUSED,
  CERTIFICATE_REVOKED: CERTIFICATE_REFUSED,
  CERTIFICATE_UNKNOWN: CERTIFICATE_REFUSED,
  ACCESS_DENIED: CERTIFICATE_REFUSED,
  HANDSHAKE_FAILURE: ({ name }) =>
    `${name} and this service have no TLS version or cipher in common, or it demands a certificate`,
  PROTOCOL_VERSION: ({ name }) => `${name} speaks no version of TLS that is taken here`,
}

/** Undefined where TLS is not the reason. Looks through the causes. */
export function describeTlsError(error: unknown, peer: TlsPeer): string | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < CAUSES_MAX; depth += 1) {
    const code = 'code' in at ? String(at.code) : ''
    const alert = /_ALERT_(\w+)$/.exec(code)?.[1] ?? ''
    const sentence = (SENTENCES[code] ?? ALERTS[alert])?.(peer)
    if (HUNG_UP.test(at.message)) {
      return `${peer.name} hangs up when TLS begins: does it speak TLS on this port?`
    }
    if (sentence !== undefined) return `${sentence} (${detailOf(at, code)})`
    at = at instanceof AggregateError ? at.errors[0] : at.cause
  }
  return undefined
}

/** Node.js has no code of its own for it. */
const HUNG_UP = /before secure TLS connection was established/

const CAUSES_MAX = 8

/** The names that do not match are in the message; those of OpenSSL's own errors say less than the code. */
function detailOf(error: Error, code: string): string {
  return code === 'ERR_TLS_CERT_ALTNAME_INVALID' ? error.message : code
}
