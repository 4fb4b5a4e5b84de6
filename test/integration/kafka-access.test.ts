import assert from 'node:assert/strict'
import { copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { TLSSocket } from 'node:tls'
import { metadataV10 } from '@platformatic/kafka'
import { BrokerAccess, type BrokerSecurity } from '../../src/service/kafka/broker-access.ts'
import { connectToBroker, dropConnection } from '../../src/service/kafka/broker-connection.ts'
import { CLIENT_ID, CLIENT_SECRET } from '../support/token-issuer.ts'
import type { ClientCredentials } from '../../src/service/credentials/client-credentials.ts'
import { createAuthority, type Authority } from '../support/certificates.ts'
import {
  PASSWORD,
  startSecuredBroker,
  USER,
  type SecuredBroker,
} from '../support/secured-broker.ts'
import { until } from '../support/until.ts'

/** Connections to a real broker with every listener: who gets in, who does not, and what is said then. */

const TIMEOUTS = { connectTimeoutMs: 1_000, requestTimeoutMs: 5_000 }
const SESSION_MS = 10_000

/** So that many are asked in each session, and other test files have a processor too. */
const BETWEEN_REQUESTS_MS = 5

function password(mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512', text = PASSWORD) {
  return { mechanism, username: USER, password: { kind: 'text' as const, text } }
}

function tokenOf(path: string) {
  const origin = { kind: 'file' as const, path }
  return { mechanism: 'OAUTHBEARER' as const, origin, extensions: {} }
}

async function connect(address: string, security: BrokerSecurity | BrokerAccess) {
  const [host = '', port] = address.split(':')
  const access = security instanceof BrokerAccess ? security : new BrokerAccess(security)
  return connectToBroker('test', { host, port: Number(port) }, TIMEOUTS, access)
}

async function refusalOf(address: string, security: BrokerSecurity): Promise<string> {
  try {
    dropConnection(await connect(address, security))
  } catch (error) {
    assert.ok(error instanceof Error)
    return error.message
  }
  return 'it was let in'
}

// Two at a time, in this order: one of them waits for the ends of sessions.
suite('access to a broker that protects itself', { concurrency: 2 }, () => {
  let broker: SecuredBroker
  let stranger: Authority

  before(async () => {
    broker = await startSecuredBroker({ sessionMsMax: SESSION_MS })
    stranger = await createAuthority(broker.folder, 'stranger')
  })
  after(() => broker.close())

  function tls(more: object = {}) {
    const { authority, client } = broker
    return {
      caFile: authority.caFile,
      certificateFile: client.certificateFile,
      keyFile: client.keyFile,
      serverName: undefined,
      verifies: 'full' as const,
      ...more,
    }
  }

  function token(more: Partial<ClientCredentials> = {}) {
    const credentials = {
      endpointUrl: broker.tokenIssuer.tokenUrl,
      clientId: CLIENT_ID,
      clientSecret: { kind: 'text' as const, text: CLIENT_SECRET },
      scope: undefined,
      ...more,
    }
    const origin = { kind: 'client-credentials' as const, credentials }
    return { mechanism: 'OAUTHBEARER' as const, origin, extensions: {} }
  }

  test('each mechanism gets in, by name and by address', async () => {
    const ways: ReadonlyArray<readonly [string, BrokerSecurity]> = [
      [broker.mutualTls, { tls: tls(), sasl: undefined }],
      [broker.saslTls, { tls: tls(), sasl: password('PLAIN') }],
      [broker.saslTls, { tls: tls(), sasl: password('SCRAM-SHA-256') }],
      [broker.saslTls, { tls: tls(), sasl: password('SCRAM-SHA-512') }],
      [broker.saslTls, { tls: tls(), sasl: token() }],
      [broker.saslPlaintext, { tls: undefined, sasl: password('SCRAM-SHA-512') }],
      // The certificate has no address: one that is reached so is known by the name that is set.
      [
        broker.saslTls.replace('localhost', '127.0.0.1'),
        { tls: tls({ serverName: 'localhost' }), sasl: password('PLAIN') },
      ],
      [
        broker.saslTls.replace('localhost', '127.0.0.1'),
        { tls: tls({ verifies: 'ca' }), sasl: password('PLAIN') },
      ],
    ]
    for (const [address, security] of ways) {
      const connection = await connect(address, security)
      const { brokers } = await metadataV10.api.async(connection, [], false)
      assert.equal(brokers.length, 1)
      dropConnection(connection)
    }
  })

  test('a refusal says which credential is wrong', async () => {
    const expired = await broker.authority.issue('expired', { days: 0 })
    const foreign = await stranger.issue('foreign')
    const badToken = join(broker.folder, 'bad-token')
    await writeFile(badToken, broker.tokenIssuer.token({ aud: 'others' }))
    const table: ReadonlyArray<readonly [string, BrokerSecurity, RegExp]> = [
      [
        broker.saslTls,
        { tls: tls({ caFile: stranger.caFile }), sasl: password('PLAIN') },
        /^the certificate of the broker is from nobody whom KAFKA_SSL_CA_LOCATION names/,
      ],
      [
        broker.saslTls.replace('localhost', '127.0.0.1'),
        { tls: tls(), sasl: password('PLAIN') },
        /^the certificate of the broker is for another host .*127\.0\.0\.1/,
      ],
      [
        broker.mutualTls,
        { tls: tls({ certificateFile: undefined, keyFile: undefined }), sasl: undefined },
        /^the broker demands a certificate of ours: set KAFKA_SSL_CERTIFICATE_LOCATION/,
      ],
      [
        broker.mutualTls,
        { tls: tls(foreign), sasl: undefined },
        /^the broker refuses the certificate of KAFKA_SSL_CERTIFICATE_LOCATION/,
      ],
      [
        broker.mutualTls,
        { tls: tls(expired), sasl: undefined },
        /^the broker refuses the certificate of KAFKA_SSL_CERTIFICATE_LOCATION/,
      ],
      [
        broker.saslTls,
        { tls: tls(), sasl: password('PLAIN', 'wrong') },
        /^the broker refuses the user 'cart' or its password \(SASL PLAIN/,
      ],
      [
        broker.saslTls,
        { tls: tls(), sasl: password('SCRAM-SHA-256', 'wrong') },
        /^the broker refuses the user 'cart' or its password \(SASL SCRAM-SHA-256/,
      ],
      [
        broker.saslTls,
        { tls: tls(), sasl: tokenOf(badToken) },
        /^the broker refuses the token \(SASL OAUTHBEARER: .*invalid_token/,
      ],
      [
        broker.saslTls,
        { tls: tls(), sasl: token({ clientSecret: { kind: 'text', text: 'wrong' } }) },
        /^the token endpoint http:\/\/127\.0\.0\.1:\d+\/token answered 401 \(invalid_client\)/,
      ],
      [
        broker.saslPlaintext,
        { tls: undefined, sasl: token() },
        /^the broker does not offer the SASL mechanism OAUTHBEARER on this port; it offers PLAIN/,
      ],
      [
        broker.saslPlaintext,
        { tls: tls(), sasl: password('PLAIN') },
        /^the broker hangs up when TLS begins: does it speak TLS on this port/,
      ],
      [
        broker.saslTls,
        { tls: undefined, sasl: password('PLAIN') },
        /^the broker expects TLS: set KAFKA_SECURITY_PROTOCOL/,
      ],
      [
        broker.saslTls,
        { tls: tls(), sasl: undefined },
        /^the broker closed the connection before its first answer/,
      ],
      [
        broker.plain.bootstrapServers,
        { tls: undefined, sasl: password('PLAIN') },
        /^the broker does not take SASL on this port/,
      ],
    ]
    const said: string[] = []
    for (const [address, security] of table) said.push(await refusalOf(address, security))
    for (const [index, [, , wanted]] of table.entries()) assert.match(said[index] ?? '', wanted)
    for (const sentence of said) assert.ok(!sentence.includes(PASSWORD) && !/wrong/.test(sentence))
  })

  test(
    'a session is replaced before it ends, and no request fails',
    { timeout: 60_000 },
    async () => {
      const connection = await connect(broker.saslTls, { tls: tls(), sasl: password('PLAIN') })
      const sockets = new Set([connection.socket])
      const endMs = performance.now() + 2 * SESSION_MS
      let lost = 0
      connection.once('close', () => (lost += 1))
      let answers = 0
      while (sockets.size < 3 && performance.now() < endMs) {
        // Three at a time: more than one is on its way when the session is replaced.
        await Promise.all([1, 2, 3].map(() => metadataV10.api.async(connection, [], false)))
        answers += 3
        sockets.add(connection.socket)
        await setTimeout(BETWEEN_REQUESTS_MS)
      }
      assert.ok(sockets.size >= 3, `${sockets.size} sockets`)
      assert.ok(answers > 100)
      assert.equal(lost, 0)
      dropConnection(connection)
      await until(() => [...sockets].every((socket) => socket.destroyed), 'nothing is left open')
      await until(() => lost === 1, 'its owner hears of the end')
    },
  )

  test(
    'a certificate that is replaced is used, and a half of it is not',
    { timeout: 30_000 },
    async () => {
      const second = await broker.authority.issue('second')
      const certificateFile = join(broker.folder, 'mounted.pem')
      const keyFile = join(broker.folder, 'mounted.key')
      await copyFile(broker.client.certificateFile, certificateFile)
      await copyFile(broker.client.keyFile, keyFile)
      const access = new BrokerAccess({ tls: tls({ certificateFile, keyFile }), sasl: undefined })
      const connection = await connect(broker.mutualTls, access)
      const revision = access.revision()
      await copyFile(second.certificateFile, certificateFile)
      const halfway = await connect(broker.mutualTls, access)
      assert.equal(nameOf(halfway.socket), 'client')
      dropConnection(halfway)
      await copyFile(second.keyFile, keyFile)
      await until(() => nameOf(connection.socket) === 'second', 'the new certificate is in use')
      assert.notEqual(access.revision(), revision)
      await metadataV10.api.async(connection, [], false)
      dropConnection(connection)
    },
  )

  test('an identity provider that fails, or changes its keys, is recovered from', async () => {
    const { tokenIssuer } = broker
    const access = new BrokerAccess({ tls: tls(), sasl: token() })
    const reason = async (): Promise<string> => {
      try {
        dropConnection(await connect(broker.saslTls, access))
        return ''
      } catch (error) {
        return String(error)
      }
    }
    tokenIssuer.failure = 'garbage'
    assert.match(await reason(), /answered without a token/)
    const { askedCount } = tokenIssuer
    await Promise.all(Array.from({ length: 20 }, reason))
    assert.equal(tokenIssuer.askedCount, askedCount, 'it is left alone for a while')
    tokenIssuer.failure = undefined
    await until(async () => (await reason()) === '', 'a token is had')
    tokenIssuer.rotateKeys()
    const second = new BrokerAccess({ tls: tls(), sasl: token() })
    await until(async () => {
      dropConnection(await connect(broker.saslTls, second))
      return true
    }, 'the broker knows the new key')
  })

  test('a wrong password is not tried again before its time, and the right one at once', async () => {
    const path = join(broker.folder, 'password')
    await writeFile(path, 'wrong\n')
    const sasl = { ...password('PLAIN'), password: { kind: 'file' as const, path } }
    const access = new BrokerAccess({ tls: undefined, sasl })
    const attempts = Array.from({ length: 20 }, () => connect(broker.saslPlaintext, access))
    const settled = await Promise.allSettled(attempts)
    const refusals = new Set(settled.map((result) => result.status === 'rejected' && result.reason))
    assert.equal(refusals.size, 1, 'all but one heard of the refusal of the first')
    await writeFile(path, `${PASSWORD}\n`)
    await until(async () => {
      dropConnection(await connect(broker.saslPlaintext, access))
      return true
    }, 'the right password gets in')
  })
})

function nameOf(socket: unknown): unknown {
  assert.ok(socket instanceof TLSSocket)
  const certificate = socket.getCertificate()
  return certificate !== null && 'subject' in certificate ? certificate.subject.CN : undefined
}
