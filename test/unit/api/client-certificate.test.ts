import assert from 'node:assert/strict'
import { TLSSocket } from 'node:tls'
import { test } from 'node:test'
import { callerOfCertificate } from '../../../src/api/security/client-certificate.ts'

const SCOPES = new Set(['orders:read'] as const)

/** Of a client with such a certificate, one part of its subject a line. */
function principalOf(subject: string, authorized = true): string | undefined {
  const getPeerX509Certificate = () => ({ subject })
  const socket = Object.create(TLSSocket.prototype) as TLSSocket
  Object.assign(socket, { authorized, getPeerX509Certificate })
  return callerOfCertificate(socket, SCOPES)?.principal
}

test('the subject of a certificate is a principal, most particular part first', () => {
  assert.equal(principalOf('O=Example\nCN=shop'), 'service_account:CN=shop,O=Example')
  assert.equal(principalOf('CN=shop', false), undefined)
})

test('a subject without a name is nobody, and no principal that a token may have', () => {
  for (const subject of ['', 'CN=', 'CN==']) assert.equal(principalOf(subject), undefined, subject)
})
