import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { ConfigError, loadConfig } from '../../../src/config/config.ts'
import type { Environment } from '../../../src/config/environment.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { listSettings } from '../../../src/config/settings-schema.ts'

describe('the configuration', () => {
  test('has a default for everything', () => {
    assert.deepEqual(loadConfig({}), {
      kafkaBootstrapServers: [{ host: 'localhost', port: 9092 }],
      kafkaTopic: 'order-events',
      kafkaTopicPartitions: 3,
      kafkaTopicReplicationFactor: undefined,
      kafkaKeyFormat: 'string',
      kafkaClientId: 'cart-service',
      kafkaSecurity: { protocol: 'PLAINTEXT', tls: undefined, sasl: undefined },
      schemaRegistryUrl: 'http://localhost:8081',
      schemaRegistryAuth: { kind: 'none' },
      schemaRegistryTls: undefined,
      schemaRegistryAutoRegister: true,
      schemaRegistryTimeoutMs: 3_000,
      apiHost: '0.0.0.0',
      apiPort: 8_000,
      keepAliveMs: 65_000,
      readiness: 'changes',
      allowedHosts: [],
      door: {
        tls: undefined,
        trustedProxies: [],
        requestsPerSecond: undefined,
        corsOrigins: [],
        management: undefined,
      },
      callers: {
        ways: undefined,
        keysFile: undefined,
        jwt: undefined,
        certificateScopes: undefined,
        publicUrl: undefined,
        oidc: undefined,
        sessionKey: undefined,
        credential: undefined,
      },
      database: { kind: 'sqlite', path: 'data/cart.db' },
      databasePasswordFile: undefined,
      databaseRegion: undefined,
      databaseRequireDurability: true,
      migrationMode: 'auto',
      acceptsStoreBehindTopic: false,
      publishTimeoutMs: 5_000,
      maxPendingEvents: 10_000,
      maxStreamReaders: 1_000,
      maxConnections: 20_000,
      maxItemsPerOrder: 100,
      orderStatusPolicy: 'any',
      idempotencyRetentionMs: 86_400_000,
      retireAfterDays: undefined,
      instanceLeaseMs: 10_000,
      shutdownTimeoutMs: 10_000,
      logLevel: 'info',
      logFormat: 'auto',
    })
  })

  test('takes every setting from its variable', async (t) => {
    const credentialFile = join(await temporaryFolder(t), 'credential')
    await writeFile(credentialFile, 'cart_shop_key')
    const config = loadConfig({
      KAFKA_BOOTSTRAP_SERVERS: 'kafka-1:9092, 10.0.0.2:9093,[::1]:9094',
      KAFKA_TOPIC: 'Orders_2.x-y',
      KAFKA_TOPIC_PARTITIONS: '12',
      KAFKA_TOPIC_REPLICATION_FACTOR: '3',
      KAFKA_KEY_FORMAT: 'avro',
      KAFKA_CLIENT_ID: 'cart-1',
      SCHEMA_REGISTRY_URL: 'https://registry.example/apis/ccompat/v7/',
      SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO: 'key:se:cret',
      SCHEMA_REGISTRY_AUTO_REGISTER: 'False',
      SCHEMA_REGISTRY_TIMEOUT_MS: '100',
      API_HOST: '::1',
      ALLOWED_HOSTS: 'orders.example, *.Shop.example',
      API_PORT: '65535',
      API_KEEP_ALIVE_SECONDS: '620',
      TRUST_PROXY: '10.0.0.0/8, ::1',
      API_RATE_LIMIT_PER_SECOND: '50',
      API_CORS_ORIGINS: 'https://a.example, http://b.example:81',
      MANAGEMENT_PORT: '9000',
      MANAGEMENT_HOST: '0.0.0.0',
      API_AUTH: 'jwt, api-key',
      API_KEYS_FILE: '/etc/cart/api-keys',
      API_JWT_ISSUER: 'https://idp.example/realms/shop',
      API_JWT_AUDIENCE: 'orders',
      API_JWT_JWKS_URL: 'https://idp.example/keys',
      API_JWT_ALGORITHMS: 'EdDSA, ES256',
      API_JWT_SCOPES_CLAIM: 'scp',
      API_JWT_PRINCIPAL_CLAIM: 'oid',
      PUBLIC_URL: 'https://shop.example/orders/',
      API_OIDC_CLIENT_ID: 'orders-console',
      API_OIDC_CLIENT_SECRET: 'hush',
      API_OIDC_SCOPE: 'openid x',
      API_SESSION_KEY: '0123456789abcdef0123456789abcdef',
      API_CREDENTIAL_FILE: credentialFile,
      DATABASE_URL: 'sqlite::memory:',
      DATABASE_REQUIRE_DURABILITY: 'false',
      MIGRATIONS: 'check',
      READINESS: 'answers',
      STORE_BEHIND_TOPIC: 'accept',
      PUBLISH_TIMEOUT_MS: '60000',
      MAX_PENDING_EVENTS: '1',
      MAX_STREAM_READERS: '100000',
      MAX_CONNECTIONS: '1',
      MAX_ITEMS_PER_ORDER: '1000',
      ORDER_STATUS_POLICY: 'lifecycle',
      IDEMPOTENCY_RETENTION_HOURS: '2',
      RETIRE_AFTER_DAYS: '90',
      INSTANCE_LEASE_MS: '1000',
      SHUTDOWN_TIMEOUT_MS: '20000',
      LOG_LEVEL: 'silent',
      LOG_FORMAT: 'json',
    })
    assert.deepEqual(config, {
      kafkaBootstrapServers: [
        { host: 'kafka-1', port: 9092 },
        { host: '10.0.0.2', port: 9093 },
        { host: '::1', port: 9094 },
      ],
      kafkaTopic: 'Orders_2.x-y',
      kafkaTopicPartitions: 12,
      kafkaTopicReplicationFactor: 3,
      kafkaKeyFormat: 'avro',
      kafkaClientId: 'cart-1',
      kafkaSecurity: { protocol: 'PLAINTEXT', tls: undefined, sasl: undefined },
      schemaRegistryUrl: 'https://registry.example/apis/ccompat/v7',
      schemaRegistryAuth: basic('key:se:cret'),
      schemaRegistryTls: undefined,
      schemaRegistryAutoRegister: false,
      schemaRegistryTimeoutMs: 100,
      apiHost: '::1',
      apiPort: 65_535,
      keepAliveMs: 620_000,
      readiness: 'answers',
      allowedHosts: ['orders.example', '*.shop.example'],
      door: {
        tls: undefined,
        trustedProxies: ['10.0.0.0/8', '::1'],
        requestsPerSecond: 50,
        corsOrigins: ['https://a.example', 'http://b.example:81'],
        management: { host: '0.0.0.0', port: 9_000 },
      },
      callers: {
        ways: ['api-key', 'jwt'],
        keysFile: '/etc/cart/api-keys',
        jwt: {
          issuer: 'https://idp.example/realms/shop',
          audience: 'orders',
          keySetUrl: 'https://idp.example/keys',
          algorithms: ['ES256', 'EdDSA'],
          scopesClaim: 'scp',
          principalClaim: 'oid',
        },
        certificateScopes: undefined,
        publicUrl: 'https://shop.example/orders',
        oidc: {
          issuer: 'https://idp.example/realms/shop',
          clientId: 'orders-console',
          secret: { kind: 'text', text: 'hush' },
          scope: 'openid x',
        },
        sessionKey: { kind: 'text', text: '0123456789abcdef0123456789abcdef' },
        credential: { kind: 'file', path: credentialFile },
      },
      database: { kind: 'sqlite', path: ':memory:' },
      databasePasswordFile: undefined,
      databaseRegion: undefined,
      databaseRequireDurability: false,
      migrationMode: 'check',
      acceptsStoreBehindTopic: true,
      publishTimeoutMs: 60_000,
      maxPendingEvents: 1,
      maxStreamReaders: 100_000,
      maxConnections: 1,
      maxItemsPerOrder: 1_000,
      orderStatusPolicy: 'lifecycle',
      idempotencyRetentionMs: 7_200_000,
      retireAfterDays: 90,
      instanceLeaseMs: 1_000,
      shutdownTimeoutMs: 20_000,
      logLevel: 'silent',
      logFormat: 'json',
    })
  })

  test('is frozen, all of it', () => {
    const config = loadConfig({})
    assert.ok(Object.isFrozen(config))
    assert.ok(Object.isFrozen(config.database))
    assert.ok(Object.isFrozen(config.kafkaBootstrapServers))
    assert.ok(config.kafkaBootstrapServers.every((server) => Object.isFrozen(server)))
  })

  test('takes an empty or blank variable as unset, and ignores names that are no settings', () => {
    const empty = Object.fromEntries(listSettings().map(({ name }) => [name, '']))
    assert.deepEqual(loadConfig(empty), loadConfig({}))
    assert.deepEqual(loadConfig({ API_PORT: ' \t', PORT: 'x', API_PORTS: 'x' }), loadConfig({}))
    assert.equal(loadConfig({ API_PORT: ' 8080\r' }).apiPort, 8_080)
  })

  test('keeps credentials out of the address, and decodes them', () => {
    const config = loadConfig({ SCHEMA_REGISTRY_URL: 'http://k%40y:s%3Acret@host:81/api' })
    assert.equal(config.schemaRegistryUrl, 'http://host:81/api')
    assert.deepEqual(config.schemaRegistryAuth, basic('k@y:s:cret'))
  })

  test('prefers credentials that have their own variable', () => {
    const config = loadConfig({
      SCHEMA_REGISTRY_URL: 'http://key:secret@host',
      SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO: 'other:one',
    })
    assert.deepEqual(config.schemaRegistryAuth, basic('other:one'))
  })

  const paths: ReadonlyArray<[string, string]> = [
    ['sqlite:data/cart.db', 'data/cart.db'],
    ['sqlite:/var/lib/cart.db', '/var/lib/cart.db'],
    ['sqlite:///var/lib/cart.db', '/var/lib/cart.db'],
  ]
  for (const [url, path] of paths) {
    test(`reads ${url} as the file ${path}`, () => {
      assert.deepEqual(loadConfig({ DATABASE_URL: url }).database, { kind: 'sqlite', path })
    })
  }

  test('names every problem at once, in the order of the table', () => {
    const problems = problemsOf({ LOG_LEVEL: 'loud', API_PORT: 'abc', KAFKA_TOPIC: 'a b' })
    assert.deepEqual(problems, [
      `KAFKA_TOPIC must be a topic name: 1 to 249 letters, digits, '.', '_' and '-', and not '.' or '..', got "a b"`,
      'API_PORT must be an integer from 1 to 65535, got "abc"',
      'LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent, got "loud"',
    ])
  })

  test('puts all problems into the message of the error', () => {
    assert.throws(
      () => loadConfig({ API_PORT: '0', KAFKA_KEY_FORMAT: 'json' }),
      (error) => {
        assert.ok(error instanceof ConfigError)
        for (const problem of error.problems) assert.ok(error.message.includes(`- ${problem}`))
        assert.equal(error.problems.length, 2)
        return true
      },
    )
  })

  const postgresNames: ReadonlyArray<[string, string]> = [
    ['postgres://cart:hush@db.example/orders', 'orders at db.example:5432'],
    ['postgresql://cart:hu%40sh@db.example:5433/my%20orders', 'my orders at db.example:5433'],
    ['postgres://[::1]:5433/orders?sslmode=verify-full', 'orders at [::1]:5433'],
    [
      'postgres:///orders?host=/run/postgresql&options=-c%20x.y=1',
      'orders at /run/postgresql:5432',
    ],
  ]
  for (const [url, name] of postgresNames) {
    test(`reads ${url} as a database that people know as ${name}`, () => {
      assert.deepEqual(loadConfig({ DATABASE_URL: url }).database, { kind: 'postgres', url, name })
    })
  }

  const postgresReasons: Readonly<Record<string, RegExp>> = {
    'postgres://cart:hu#sh@db/cart': /^must not hold a #: in a password it is written %23$/,
    'postgres://cart:hu%sh@db/cart':
      /^holds a % that begins no sign: in a password it is written %25$/,
    'postgres://cart:hush@db/cart/': /^ends with a slash: leave it out$/,
    'postgres://cart:hush@db': /^must end with the name of one database/,
    'postgres://cart:hush/hu@db/cart': /^must end with the name of one database|percent/,
    'postgres://cart:hush@db1,db2/cart': /^must name one host/,
    'postgres://cart:hush@db1:5432,db2:5432/cart': /^must name one host/,
    'postgres://db/cart?channel_binding=require': /^has no parameter channel_binding/,
    'postgres://db/cart?password=hush': /^has no parameter password.*DATABASE_PASSWORD_FILE/,
    'postgres://db/cart?statement_timeout=0': /^has a parameter that is not taken; those that are/,
    'postgres://db/cart?uselibpqcompat=true': /^has no parameter uselibpqcompat/,
    'postgres://db/cart?host=other': /^has a parameter host beside a host/,
    'postgres:///cart?host=other': /^has a parameter host that is no folder/,
    'postgres:///cart?host=/run/postgresql&host=other': /^has the parameter host twice/,
    'postgres://db/cart?sslmode=verify-full&sslmode=disable': /^has the parameter sslmode twice/,
    'postgres://db/cart?sslnegotiation=direct': /^has sslnegotiation and no sslmode that uses it/,
    'postgres://db/cart?sslmode=require': /^has sslmode=require, which encrypts to whoever answers/,
    'postgres://db/cart?sslmode=prefer': /^has sslmode=prefer/,
    'postgres://db/cart?sslmode=allow': /^has sslmode=allow/,
    'postgres://db/cart?sslmode=no-verify': /^has sslmode=no-verify/,
    'postgres://db/cart?sslmode=hush': /^has an sslmode that is none of/,
    'postgres://db/cart?sslrootcert=/ca.pem': /^has sslrootcert and no sslmode that uses it/,
    'postgres://db/cart?sslmode=verify-full&sslcert=/c.pem': /^has one of sslcert and sslkey/,
  }
  for (const [url, reason] of Object.entries(postgresReasons)) {
    test(`says why ${url} is no address of a database, without its password`, () => {
      const [problem = '', ...more] = problemsOf({ DATABASE_URL: url })
      assert.deepEqual(more, [])
      assert.ok(problem.endsWith(', got a value that is not shown here'), problem)
      const said = problem.slice('DATABASE_URL '.length, problem.lastIndexOf(', got'))
      assert.match(said, reason)
      assert.ok(!/hush?\b/.test(problem), problem)
    })
  }

  test('takes a password of PostgreSQL from a file, and only once', async (t) => {
    const path = join(await temporaryFolder(t), 'password')
    await writeFile(path, 'hush')
    const env = { DATABASE_PASSWORD_FILE: path }
    const config = loadConfig({ ...env, DATABASE_URL: 'postgres://cart@db/cart' })
    assert.equal(config.databasePasswordFile, path)
    assert.deepEqual(problemsOf(env), [
      'DATABASE_PASSWORD_FILE is set, and DATABASE_URL is no PostgreSQL database',
    ])
    assert.deepEqual(problemsOf({ ...env, DATABASE_URL: 'postgres://cart:hush@db/cart' }), [
      'DATABASE_PASSWORD_FILE is set, and DATABASE_URL has a password: leave one of them out',
    ])
  })

  test('has AWS sign for a user of PostgreSQL, over TLS, and demands what that needs', () => {
    const env = { DATABASE_AUTH: 'aws-iam', AWS_REGION: 'eu-central-1' }
    const address = 'postgres://cart@db/cart?sslmode=verify-full'
    assert.equal(loadConfig({ ...env, DATABASE_URL: address }).databaseRegion, 'eu-central-1')
    assert.equal(loadConfig({ AWS_REGION: 'eu-central-1' }).databaseRegion, undefined)
    const all = { DATABASE_AUTH: 'aws-iam', DATABASE_URL: 'postgres://:hush@db/cart' }
    assert.deepEqual(problemsOf({ ...all, DATABASE_PASSWORD_FILE: import.meta.filename }), [
      'DATABASE_AUTH is aws-iam, and DATABASE_URL has a password: leave one of them out',
      'DATABASE_PASSWORD_FILE is set, and DATABASE_AUTH is aws-iam: leave one of them out',
      'AWS_REGION is missing: DATABASE_AUTH aws-iam demands it',
      'DATABASE_URL names no user, and DATABASE_AUTH aws-iam signs for one',
      'DATABASE_URL is without TLS, and a token is not to be seen: add sslmode=verify-full',
    ])
    assert.deepEqual(problemsOf(env), [
      'DATABASE_AUTH is aws-iam, and DATABASE_URL is no PostgreSQL database',
    ])
  })

  test('demands of a secret in a file what it demands of one in a variable', async (t) => {
    const path = join(await temporaryFolder(t), 'secret')
    const refusedTexts: Readonly<Record<string, string>> = {
      KAFKA_SASL_PASSWORD_FILE: 'hüsh',
      KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET_FILE: 'hush\n\n',
      SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO_FILE: 'hush',
      SCHEMA_REGISTRY_BEARER_AUTH_TOKEN_FILE: 'hush hush',
      SCHEMA_REGISTRY_BEARER_AUTH_CLIENT_SECRET_FILE: '\uFEFFhush',
      API_OIDC_CLIENT_SECRET_FILE: 'hush hush',
      API_SESSION_KEY_FILE: 'hush\n',
      API_CREDENTIAL_FILE: 'h\0u\0s\0h\0',
    }
    for (const [name, text] of Object.entries(refusedTexts)) {
      await writeFile(path, text)
      const [problem = ''] = problemsOf({ [name]: path })
      assert.ok(problem.startsWith(`${name} must be the path of a file that holds `), problem)
      assert.doesNotMatch(problem, /h.?.?u.?sh/)
    }
    await writeFile(path, '0123456789abcdef0123456789abcdef\n')
    assert.deepEqual(problemsOf({ API_SESSION_KEY_FILE: path }), [])
  })

  test('never repeats a secret', () => {
    assert.deepEqual(problemsOf({ SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO: 'hush' }), [
      'SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO must be key:secret, got a value that is not shown here',
    ])
    assert.deepEqual(problemsOf({ SCHEMA_REGISTRY_URL: 'ftp://key:hu/sh@host' }), [
      'SCHEMA_REGISTRY_URL must be an http:// or https:// address without query and fragment, got a value that is not shown here',
    ])
    for (const { name, schema } of listSettings()) {
      if ('type' in schema && schema.type !== 'string') continue
      for (const user of ['key', '']) {
        const problems = problemsOf({ [name]: `https://${user}:hush@host.example/a b` })
        assert.doesNotMatch(problems.join(), /hush/, name)
      }
    }
  })

  const refused: Readonly<Record<string, readonly string[]>> = {
    KAFKA_BOOTSTRAP_SERVERS: [
      'localhost',
      'localhost:0',
      'localhost:65536',
      'a:1,,b:2',
      'http://a:1',
      '::1:9092',
    ],
    KAFKA_TOPIC: ['.', '..', 'a/b', 'ä', 'x'.repeat(250)],
    KAFKA_TOPIC_PARTITIONS: ['0', '10001', '1.5', '3e2', '0x3', 'NaN'],
    KAFKA_TOPIC_REPLICATION_FACTOR: ['0', '-1', '32768'],
    KAFKA_KEY_FORMAT: ['AVRO', 'json'],
    KAFKA_CLIENT_ID: ['a b', 'x'.repeat(250)],
    KAFKA_SECURITY_PROTOCOL: ['TLS', 'sasl_ssl'],
    KAFKA_SSL_CA_LOCATION: ['/nowhere/ca.pem', '/'],
    KAFKA_SSL_CERTIFICATE_LOCATION: ['/nowhere/cert.pem', 'system'],
    KAFKA_SSL_KEY_LOCATION: ['/nowhere/key.pem'],
    KAFKA_SSL_KEY_PASSWORD: [],
    KAFKA_SSL_KEY_PASSWORD_FILE: ['/nowhere/password', '/dev/null'],
    KAFKA_SSL_SERVER_NAME: ['a b', 'a:1'],
    KAFKA_SSL_VERIFY: ['none', 'off'],
    KAFKA_SASL_MECHANISM: ['GSSAPI', 'plain'],
    KAFKA_SASL_USERNAME: ['a,b', 'ä', 'x'.repeat(256)],
    KAFKA_SASL_PASSWORD: ['ä', 'a\tb'],
    KAFKA_SASL_PASSWORD_FILE: ['/nowhere/password'],
    KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL: ['http://idp.example/token'],
    KAFKA_SASL_OAUTHBEARER_CLIENT_ID: ['ä'],
    KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET: ['ä'],
    KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET_FILE: ['/nowhere'],
    KAFKA_SASL_OAUTHBEARER_SCOPE: ['ä'],
    KAFKA_SASL_OAUTHBEARER_EXTENSIONS: ['a', 'a=b,', 'auth=x', 'a=b c'],
    KAFKA_SASL_OAUTHBEARER_TOKEN_FILE: ['/nowhere'],
    AWS_REGION: ['EU Central'],
    DATABASE_AUTH: ['iam', 'AWS-IAM'],
    SCHEMA_REGISTRY_URL: [
      'http://a:1,http://b:1',
      'localhost:8081',
      'http://',
      'http://a/?b',
      'http://a/#b',
      'http://%@a',
      'http://:secret@a',
    ],
    SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO: ['key', ':secret', 'key:sec\nret'],
    SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO_FILE: ['/nowhere'],
    SCHEMA_REGISTRY_SSL_CA_LOCATION: ['/nowhere'],
    SCHEMA_REGISTRY_SSL_CERTIFICATE_LOCATION: ['/nowhere'],
    SCHEMA_REGISTRY_SSL_KEY_LOCATION: ['/nowhere'],
    SCHEMA_REGISTRY_BEARER_AUTH_TOKEN: ['a b'],
    SCHEMA_REGISTRY_BEARER_AUTH_TOKEN_FILE: ['/nowhere'],
    SCHEMA_REGISTRY_BEARER_AUTH_ISSUER_ENDPOINT_URL: [
      'http://idp.example/token',
      'x',
      'https://a:b@c/',
      'https://:b@c/',
    ],
    SCHEMA_REGISTRY_BEARER_AUTH_CLIENT_ID: ['ä'],
    SCHEMA_REGISTRY_BEARER_AUTH_CLIENT_SECRET: ['ä'],
    SCHEMA_REGISTRY_BEARER_AUTH_CLIENT_SECRET_FILE: ['/nowhere'],
    SCHEMA_REGISTRY_BEARER_AUTH_SCOPE: ['ä'],
    SCHEMA_REGISTRY_BEARER_AUTH_LOGICAL_CLUSTER: ['a b'],
    SCHEMA_REGISTRY_BEARER_AUTH_IDENTITY_POOL_ID: ['a b'],
    SCHEMA_REGISTRY_AUTO_REGISTER: ['1', 'yes'],
    SCHEMA_REGISTRY_TIMEOUT_MS: ['99', '60001'],
    API_HOST: ['http://a', 'a b', 'a/b'],
    ALLOWED_HOSTS: ['orders.example:8000', 'http://a', 'a,,b', '*a.example', '**', 'a b'],
    API_TLS_CERT_FILE: ['/nowhere/cert', 'package.json'],
    API_TLS_KEY_FILE: ['/nowhere/key'],
    API_TLS_CLIENT_CA_FILE: ['/nowhere/ca'],
    TRUST_PROXY: ['true', '1', '10.0.0.0/33', '::1/129', '10.0.0.0/', 'proxy', '1.2.3.4,'],
    API_RATE_LIMIT_PER_SECOND: ['0', '100001', '1.5'],
    API_CORS_ORIGINS: ['*', 'shop.example', 'https://a/', 'https://a/b', 'null'],
    MANAGEMENT_PORT: ['0', '65536'],
    MANAGEMENT_HOST: ['http://a'],
    API_AUTH: ['any', 'none,api-key', 'api-key,'],
    API_KEYS_FILE: ['a\0b'],
    API_JWT_ISSUER: ['a b'],
    API_JWT_AUDIENCE: ['ä'],
    API_JWT_JWKS_URL: [
      'keys',
      'http://idp.example/keys',
      'https://a:b@idp/',
      'https://:b@idp/',
      'file:///etc/keys',
    ],
    API_JWT_ALGORITHMS: ['none', 'HS256', 'ES256,', 'RS256 ES256'],
    API_JWT_SCOPES_CLAIM: ['a b'],
    API_JWT_PRINCIPAL_CLAIM: ['a b'],
    API_TLS_CLIENT_SCOPES: ['orders', 'admin,'],
    PUBLIC_URL: ['shop.example', 'https://a:b@c', 'https://:b@c', 'https://a/?b', 'ftp://a'],
    API_OIDC_CLIENT_ID: ['a b'],
    API_OIDC_CLIENT_SECRET: ['a b'],
    API_OIDC_CLIENT_SECRET_FILE: ['/nowhere/secret'],
    API_OIDC_SCOPE: ['orders:read', 'openid  x', 'openid\nx'],
    API_SESSION_KEY: ['short'],
    API_SESSION_KEY_FILE: ['/nowhere/key'],
    API_CREDENTIAL: ['a b', 'ä'],
    API_CREDENTIAL_FILE: ['/nowhere/key'],
    READINESS: ['ready'],
    API_PORT: ['0', '65536', '-1', '99999999999999999999'],
    API_KEEP_ALIVE_SECONDS: ['4', '7201'],
    DATABASE_URL: [
      'data/cart.db',
      'sqlite:',
      'sqlite://cart.db',
      'mysql://a/b',
      'postgres://db',
      'postgres://db/',
      'postgres://db/a/b',
      'postgres://db/a#b',
      'postgres://%@db/a',
      'postgres://db:99999/a',
      'postgres://db/a?statement_timeout=0',
    ],
    DATABASE_PASSWORD_FILE: ['/nowhere'],
    DATABASE_REQUIRE_DURABILITY: ['1'],
    MIGRATIONS: ['manual'],
    STORE_BEHIND_TOPIC: ['true'],
    PUBLISH_TIMEOUT_MS: ['99', '60001'],
    MAX_PENDING_EVENTS: ['0', '1000001'],
    MAX_STREAM_READERS: ['0', '100001'],
    MAX_CONNECTIONS: ['0', '1000001'],
    MAX_ITEMS_PER_ORDER: ['0', '1001'],
    ORDER_STATUS_POLICY: ['none'],
    IDEMPOTENCY_RETENTION_HOURS: ['0', '8761'],
    RETIRE_AFTER_DAYS: ['0', '36501'],
    INSTANCE_LEASE_MS: ['999', '600001'],
    SHUTDOWN_TIMEOUT_MS: ['99', '600001'],
    LOG_LEVEL: ['INFO', 'verbose'],
    LOG_FORMAT: ['JSON', 'text'],
  }
  for (const { name } of listSettings()) {
    test(`refuses what ${name} cannot be`, () => {
      const values = refused[name]
      assert.ok(values)
      for (const value of values) {
        const problems = problemsOf({ [name]: value }).filter(
          (problem) => !/^\S+ is (?:set|missing)/.test(problem),
        )
        assert.equal(problems.length, 1, value)
        assert.match(
          problems[0] ?? '',
          new RegExp(`^${name} (?:must|has|holds|ends) .*, got `),
          value,
        )
      }
    })
  }
})

function basic(text: string) {
  return { kind: 'basic', userInfo: { kind: 'text', text } }
}

function problemsOf(env: Environment): readonly string[] {
  try {
    loadConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}
