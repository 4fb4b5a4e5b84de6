import { Type } from 'typebox'
import { CLIENT_SECRET, isTokenEndpoint, isWord, TOKEN_ENDPOINT_FORM } from './setting-text.ts'
import { choice, pemFile, secret, secretFile, text, type SecretRule } from './setting-forms.ts'

/** Kafka's own words for these, as librdkafka and others write them in an environment. */

export const SECURITY_PROTOCOLS = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'] as const

export const SASL_MECHANISMS = [
  'PLAIN',
  'SCRAM-SHA-256',
  'SCRAM-SHA-512',
  'OAUTHBEARER',
  'AWS_MSK_IAM',
] as const

const MECHANISM_FORM = `one of ${SASL_MECHANISMS.join(', ')}`

const PASSWORD: SecretRule = {
  form: '1 to 1024 printable ASCII characters',
  accepts: (value) => /^[\x20-\x7E]{1,1024}$/.test(value),
}

export const kafkaSecuritySettings = {
  KAFKA_SECURITY_PROTOCOL: choice(
    'How to talk to the brokers: SSL is TLS, SASL is a user and a password or a token. SASL_PLAINTEXT sends what it is shown over the network as it is.',
    [...SECURITY_PROTOCOLS],
    'PLAINTEXT',
  ),
  KAFKA_SSL_CA_LOCATION: Type.Optional(
    pemFile(
      "Certificates of the authorities that the brokers' certificates must come from. system: those of the operating system. Unset: those that come with Node.js.",
      ['system'],
    ),
  ),
  KAFKA_SSL_CERTIFICATE_LOCATION: Type.Optional(
    pemFile('The certificate of this service and its chain, for brokers that demand one.'),
  ),
  KAFKA_SSL_KEY_LOCATION: Type.Optional(pemFile('The private key of that certificate.')),
  KAFKA_SSL_KEY_PASSWORD: Type.Optional(
    text('The password of the private key, where it has one.', {
      form: 'a password',
      isSecret: true,
      accepts: (value) => value !== '',
    }),
  ),
  KAFKA_SSL_KEY_PASSWORD_FILE: Type.Optional(secretFile('KAFKA_SSL_KEY_PASSWORD')),
  KAFKA_SSL_SERVER_NAME: Type.Optional(
    text(
      'The name in the certificate of every broker, where they are reached by another one, such as through a tunnel.',
      { form: 'a host name', accepts: (value) => /^[\w.-]{1,253}$/.test(value) },
    ),
  ),
  KAFKA_SSL_VERIFY: choice(
    "full: a broker's certificate must be from a trusted authority and for its host. ca: for whatever host. No setting takes a certificate of anybody.",
    ['full', 'ca'],
    'full',
  ),
  KAFKA_SASL_MECHANISM: Type.Optional(
    Type.Unsafe<(typeof SASL_MECHANISMS)[number]>(
      text('How the service proves who it is, with a SASL protocol.', {
        form: MECHANISM_FORM,
        accepts: (value) => SASL_MECHANISMS.some((mechanism) => mechanism === value),
        explain: (value) =>
          value === 'GSSAPI'
            ? `must be ${MECHANISM_FORM}; GSSAPI (Kerberos) is not supported, because its library is built or downloaded when it is installed`
            : undefined,
      }),
    ),
  ),
  KAFKA_SASL_USERNAME: Type.Optional(
    text('The user of PLAIN or SCRAM. Of Confluent Cloud: the API key.', {
      form: '1 to 255 printable ASCII characters without a comma',
      accepts: (value) => /^[\x20-\x2B\x2D-\x7E]{1,255}$/.test(value),
    }),
  ),
  KAFKA_SASL_PASSWORD: Type.Optional(secret('Its password.', PASSWORD)),
  KAFKA_SASL_PASSWORD_FILE: Type.Optional(secretFile('KAFKA_SASL_PASSWORD', PASSWORD)),
  KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL: Type.Optional(
    text('Where tokens of OAUTHBEARER are had, by OAuth client credentials.', {
      form: TOKEN_ENDPOINT_FORM,
      accepts: isTokenEndpoint,
    }),
  ),
  KAFKA_SASL_OAUTHBEARER_CLIENT_ID: Type.Optional(
    text('The client that asks for them.', { form: 'a client id', accepts: isWord }),
  ),
  KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET: Type.Optional(secret('Its secret.', CLIENT_SECRET)),
  KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET_FILE: Type.Optional(
    secretFile('KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET', CLIENT_SECRET),
  ),
  KAFKA_SASL_OAUTHBEARER_SCOPE: Type.Optional(
    text('The scope that it asks for.', { form: 'scopes, separated by blanks', accepts: isWord }),
  ),
  KAFKA_SASL_OAUTHBEARER_EXTENSIONS: Type.Optional(
    text(
      'What the broker is told beside the token, such as logicalCluster=lkc-1,identityPoolId=pool-2 of Confluent Cloud.',
      {
        form: 'name=value pairs, separated by commas',
        accepts: (value) => parseExtensions(value) !== undefined,
      },
    ),
  ),
  KAFKA_SASL_OAUTHBEARER_TOKEN_FILE: Type.Optional(
    secretFile('the token of OAUTHBEARER that somebody else keeps fresh'),
  ),
  AWS_REGION: Type.Optional(
    text(
      'The region of the Amazon MSK cluster, for AWS_MSK_IAM, and of the database, for DATABASE_AUTH=aws-iam.',
      {
        form: 'a region such as eu-central-1',
        accepts: (value) => /^[a-z\d-]{1,32}$/.test(value),
      },
    ),
  ),
}

/** RFC 7628: names of letters, values of printable characters. */
export function parseExtensions(list: string): Readonly<Record<string, string>> | undefined {
  const pairs = list
    .split(',')
    .map((pair) => /^([A-Za-z]+)=([\x21-\x2B\x2D-\x7E]+)$/.exec(pair.trim()))
  if (pairs.some((pair) => pair?.[1] === 'auth')) return undefined
  return pairs.every((pair) => pair !== null)
    ? Object.freeze(Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, value])))
    : undefined
}
