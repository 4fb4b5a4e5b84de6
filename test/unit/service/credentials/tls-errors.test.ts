import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeTlsError } from '../../../../src/service/credentials/tls-errors.ts'

const PEER = {
  name: 'the broker',
  caSetting: 'THE_CA',
  certificateSetting: 'THE_CERTIFICATE',
  hasCertificate: true,
}

function sentenceOf(code: string, more: Partial<typeof PEER> = {}): string | undefined {
  // The library puts the socket's error into one of its own.
  const error = new Error('cannot connect', { cause: Object.assign(new Error(code), { code }) })
  return describeTlsError(error, { ...PEER, ...more })
}

const SAID: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED:
    'the certificate of the broker has expired, or the clock of this machine is ahead (CERT_HAS_EXPIRED)',
  CERT_NOT_YET_VALID:
    'the certificate of the broker is not valid yet, or the clock of this machine is behind (CERT_NOT_YET_VALID)',
  CERT_REVOKED: 'the certificate of the broker is revoked (CERT_REVOKED)',
  DEPTH_ZERO_SELF_SIGNED_CERT:
    'the certificate of the broker is from nobody whom THE_CA names (DEPTH_ZERO_SELF_SIGNED_CERT)',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA:
    'the broker refuses the certificate of THE_CERTIFICATE (ERR_SSL_TLSV1_ALERT_UNKNOWN_CA)',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED:
    'the broker refuses the certificate of THE_CERTIFICATE (ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED)',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    'the broker refuses the certificate of THE_CERTIFICATE (ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED)',
  ERR_SSL_WRONG_VERSION_NUMBER:
    'the broker does not speak TLS on this port (ERR_SSL_WRONG_VERSION_NUMBER)',
}

test('each way in which a certificate is not taken has its sentence, also where a clock may be wrong', () => {
  for (const [code, sentence] of Object.entries(SAID)) assert.equal(sentenceOf(code), sentence)
})

test('whoever shows no certificate is told that one is demanded', () => {
  assert.match(
    sentenceOf('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', { hasCertificate: false }) ?? '',
    /^the broker demands a certificate of ours: set THE_CERTIFICATE/,
  )
})

test('what is no trouble of TLS is left as it is', () => {
  for (const code of ['ECONNREFUSED', 'ETIMEDOUT']) assert.equal(sentenceOf(code), undefined)
})
