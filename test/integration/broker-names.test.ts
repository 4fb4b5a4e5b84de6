import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { TLSSocket } from 'node:tls'
import { BrokerAccess } from '../../src/service/kafka/broker-access.ts'
import { connectToBroker } from '../../src/service/kafka/broker-connection.ts'
import { createAuthority } from '../support/certificates.ts'

/** What stands before many brokers, such as an ingress, tells them apart by the name that TLS asks for. */

const TIMEOUTS = { connectTimeoutMs: 1_000, requestTimeoutMs: 1_000 }

test('TLS asks for the name of the broker, for the one that is set, and for no address', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'cart-service-names-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const authority = await createAuthority(folder)
  const { certificateFile, keyFile } = await authority.issue('ingress', {
    altNames: 'DNS:localhost,DNS:kafka.internal,IP:127.0.0.1',
  })
  const [cert, key] = [await readFile(certificateFile), await readFile(keyFile)]
  const asked: unknown[] = []
  const server = createServer((socket) => {
    const secured = new TLSSocket(socket, { isServer: true, cert, key })
    secured.on('error', () => {})
    secured.once('secure', () => {
      asked.push((secured as TLSSocket & { servername: unknown }).servername)
      secured.destroy()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  for (const [host, serverName] of [
    ['localhost', undefined],
    ['127.0.0.1', 'kafka.internal'],
    ['127.0.0.1', undefined],
  ] as const) {
    const tls = { caFile: authority.caFile, serverName, verifies: 'full' as const }
    const access = new BrokerAccess({ tls, sasl: undefined })
    // It hangs up: who answers is no broker.
    await assert.rejects(connectToBroker('test', { host, port }, TIMEOUTS, access))
  }
  assert.deepEqual(asked, ['localhost', 'kafka.internal', false])
})
