import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { ConfigError, loadConfig } from '../../../src/config/config.ts'
import type { Environment } from '../../../src/config/environment.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

function problemsOf(env: Environment): readonly string[] {
  try {
    loadConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

async function files(t: TestContext) {
  const folder = await temporaryFolder(t)
  const pem = join(folder, 'some.pem')
  const password = join(folder, 'password')
  const store = join(folder, 'client.p12')
  await writeFile(pem, '-----BEGIN CERTIFICATE-----\n')
  await writeFile(password, 'hush\n')
  await writeFile(store, Buffer.from([0x30, 0x82]))
  return { folder, pem, password, store }
}

test('settings of TLS and SASL become what a connection needs', async (t) => {
  const { pem, password } = await files(t)
  const { kafkaSecurity } = loadConfig({
    KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
    KAFKA_SSL_CA_LOCATION: pem,
    KAFKA_SSL_CERTIFICATE_LOCATION: pem,
    KAFKA_SSL_KEY_LOCATION: pem,
    KAFKA_SSL_KEY_PASSWORD: 'hush',
    KAFKA_SSL_SERVER_NAME: 'kafka.internal',
    KAFKA_SSL_VERIFY: 'ca',
    KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
    KAFKA_SASL_USERNAME: 'cart',
    KAFKA_SASL_PASSWORD_FILE: password,
  })
  assert.deepEqual(kafkaSecurity, {
    protocol: 'SASL_SSL',
    tls: {
      caFile: pem,
      certificateFile: pem,
      keyFile: pem,
      keyPassword: { kind: 'text', text: 'hush' },
      serverName: 'kafka.internal',
      verifies: 'ca',
    },
    sasl: {
      mechanism: 'SCRAM-SHA-512',
      username: 'cart',
      password: { kind: 'file', path: password },
    },
  })
})

test('half settings and contradictions of Kafka are refused all at once', async (t) => {
  const { pem, password } = await files(t)
  assert.deepEqual(
    problemsOf({
      KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
      KAFKA_SSL_CERTIFICATE_LOCATION: pem,
      KAFKA_SSL_KEY_PASSWORD: 'hush',
      KAFKA_SSL_KEY_PASSWORD_FILE: password,
      API_PORT: '0',
    }),
    [
      'API_PORT must be an integer from 1 to 65535, got "0"',
      'KAFKA_SSL_KEY_LOCATION is missing: KAFKA_SSL_CERTIFICATE_LOCATION is of no use without it',
      'KAFKA_SSL_KEY_PASSWORD is set, and there is no KAFKA_SSL_KEY_LOCATION that it opens',
      'KAFKA_SSL_KEY_PASSWORD and KAFKA_SSL_KEY_PASSWORD_FILE are both set: leave one of them out',
      'KAFKA_SASL_MECHANISM is missing: KAFKA_SECURITY_PROTOCOL demands it',
    ],
  )
  assert.deepEqual(
    problemsOf({ KAFKA_SECURITY_PROTOCOL: 'SASL_SSL', KAFKA_SASL_MECHANISM: 'PLAIN' }),
    [
      'KAFKA_SASL_USERNAME is missing: KAFKA_SASL_MECHANISM PLAIN demands it',
      'KAFKA_SASL_PASSWORD is missing, or KAFKA_SASL_PASSWORD_FILE: KAFKA_SASL_MECHANISM PLAIN demands it',
    ],
  )
  assert.deepEqual(
    problemsOf({
      KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
      KAFKA_SASL_MECHANISM: 'OAUTHBEARER',
      KAFKA_SASL_OAUTHBEARER_TOKEN_FILE: password,
      KAFKA_SASL_OAUTHBEARER_CLIENT_ID: 'cart',
      KAFKA_SASL_OAUTHBEARER_EXTENSIONS: 'logicalCluster=lkc-1',
    }),
    [
      'KAFKA_SASL_OAUTHBEARER_TOKEN_FILE and KAFKA_SASL_OAUTHBEARER_CLIENT_ID are both set: leave one of them out',
    ],
  )
  assert.deepEqual(problemsOf({ KAFKA_SSL_CA_LOCATION: pem, KAFKA_SASL_USERNAME: 'cart' }), [
    'KAFKA_SSL_CA_LOCATION is set, and KAFKA_SECURITY_PROTOCOL is PLAINTEXT, which is without TLS: set SSL or SASL_SSL, or leave it out',
    'KAFKA_SASL_USERNAME is set, and KAFKA_SECURITY_PROTOCOL is PLAINTEXT, which is without SASL: set SASL_SSL, or leave it out',
  ])
})

test('GSSAPI, key stores of Java and files that are not there are refused with what to do', async (t) => {
  const { folder, store } = await files(t)
  const problems = problemsOf({
    KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
    KAFKA_SASL_MECHANISM: 'GSSAPI',
    KAFKA_SASL_USERNAME: 'cart',
    KAFKA_SASL_PASSWORD_FILE: folder,
    KAFKA_SSL_CA_LOCATION: store,
  })
  assert.equal(problems.length, 3)
  assert.match(problems[0] ?? '', /^KAFKA_SSL_CA_LOCATION must be .*holds no PEM.*openssl pkcs12/)
  assert.match(problems[1] ?? '', /^KAFKA_SASL_MECHANISM must be one of .*GSSAPI .* not supported/)
  assert.match(problems[2] ?? '', /^KAFKA_SASL_PASSWORD_FILE must be the path of a file/)
})
