import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { listCertificateEnds } from '../../../src/service/certificate-end.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

/** Made by `openssl req -x509`; its key was thrown away. */
const ONE = `-----BEGIN CERTIFICATE-----
MIIBcjCCARegAwIBAgIUcnGR9HkVK67fyg51mE1t2KkgS5IwCgYIKoZIzj0EAwIw
DjEMMAoGA1UEAwwDb25lMB4XDTI2MTEyODExMTkyOVoXDTI2MTIwMzExMTkyOVow
DjEMMAoGA1UEAwwDb25lMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEI4nrXdB/
IsJ/NsK3oK0Ij/tGcSs1JO3NXj4mFBsoDUTYdeOQr6AgkqZRYZ+b3pqqsDI07WU7
YxU33TamemRvOqNTMFEwHQYDVR0OBBYEFKgBbNec+W4kBseBdexkUudL52I8MB8G
A1UdIwQYMBaAFKgBbNec+W4kBseBdexkUudL52I8MA8GA1UdEwEB/wQFMAMBAf8w
CgYIKoZIzj0EAwIDSQAwRgIhAMIQL/9t4+U+/+S7hXFYg6QnJVFgT3/F7AqqsL8L
ivvNAiEAvuWbSPBHVsydKJsrdBlCeDN3/2BIa9eMDkhs/42D0yM=
-----END CERTIFICATE-----
`
const ONE_ENDS = '2026-12-03T11:19:29.000Z'

const TWO = `-----BEGIN CERTIFICATE-----
MIIBcDCCARegAwIBAgIUR0yNEKE8li9T27dgIGIn+Iq1CwYwCgYIKoZIzj0EAwIw
DjEMMAoGA1UEAwwDdHdvMB4XDTI2MTEyODExMTkyOVoXDTI3MDExNzExMTkyOVow
DjEMMAoGA1UEAwwDdHdvMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE4F6XLili
/HgJfwZzu+xB0qhZNXbC/I6F2Lozbar2N+oJ9atFNi6CQUcFpfywHDkRyRQ5BNUx
AttBLPiPIk3whqNTMFEwHQYDVR0OBBYEFKOKpR5nQndhPuIHsAp1gkNiJzMBMB8G
A1UdIwQYMBaAFKOKpR5nQndhPuIHsAp1gkNiJzMBMA8GA1UdEwEB/wQFMAMBAf8w
CgYIKoZIzj0EAwIDRwAwRAIgLgK41k8AZXq+8eo4iAzjtISfzrEFljQ68H1X0l8o
DQwCIAtzqZhqOyH4aEKt/op+0G36joJVS0wGINFVje9dgh8W
-----END CERTIFICATE-----
`
const TWO_ENDS = '2027-01-17T11:19:29.000Z'

function endsOf(path: string, isOfAuthorities = false): readonly string[] {
  const ends = listCertificateEnds([
    { kind: 'database-client', read: () => readFileSync(path, 'utf8'), isOfAuthorities },
  ])
  return ends.map(({ endsAt }) => endsAt.toISOString())
}

test('a certificate is read each time, the first of a chain; a file of many authorities has no end', async (t) => {
  const path = join(await temporaryFolder(t), 'client.pem')
  assert.deepEqual(endsOf(path), [])
  await writeFile(path, ONE)
  assert.deepEqual(endsOf(path, true), [ONE_ENDS])
  await writeFile(path, ONE + TWO)
  assert.deepEqual(endsOf(path), [ONE_ENDS])
  assert.deepEqual(endsOf(path, true), [])
  await writeFile(path, TWO)
  assert.deepEqual(endsOf(path), [TWO_ENDS])
})
