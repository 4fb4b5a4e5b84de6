import type { Static, TObject } from 'typebox'
import {
  parseExtensions,
  type kafkaSecuritySettings,
  type SECURITY_PROTOCOLS,
} from './kafka-settings.ts'
import type { Given } from './caller-settings.ts'
import { findTwice, toSecret } from './secret-setting.ts'

/** Settings that only together mean something, and what they mean. */

type Settings = Static<TObject<typeof kafkaSecuritySettings>>
type Protocol = (typeof SECURITY_PROTOCOLS)[number]

const TLS_PROTOCOLS: readonly string[] = ['SSL', 'SASL_SSL'] satisfies Protocol[]
const SASL_PROTOCOLS: readonly string[] = ['SASL_PLAINTEXT', 'SASL_SSL'] satisfies Protocol[]

const TLS_SETTINGS = [
  'KAFKA_SSL_CA_LOCATION',
  'KAFKA_SSL_CERTIFICATE_LOCATION',
  'KAFKA_SSL_KEY_LOCATION',
  'KAFKA_SSL_KEY_PASSWORD',
  'KAFKA_SSL_KEY_PASSWORD_FILE',
  'KAFKA_SSL_SERVER_NAME',
]

const PASSWORD_SETTINGS = ['KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD', 'KAFKA_SASL_PASSWORD_FILE']

/** Of a client that has its tokens made. */
const OF_CLIENT = [
  'KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL',
  'KAFKA_SASL_OAUTHBEARER_CLIENT_ID',
  'KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET',
  'KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET_FILE',
  'KAFKA_SASL_OAUTHBEARER_SCOPE',
]

const TOKEN_SETTINGS = [
  ...OF_CLIENT,
  'KAFKA_SASL_OAUTHBEARER_EXTENSIONS',
  'KAFKA_SASL_OAUTHBEARER_TOKEN_FILE',
]

/** A sentence for each, beginning with the name of a setting. None repeats a value. */
export function findKafkaContradictions(given: Given): readonly string[] {
  const protocol = given('KAFKA_SECURITY_PROTOCOL') ?? 'PLAINTEXT'
  const isSet = (name: string): boolean => given(name) !== undefined
  const without = (names: readonly string[], what: string): string[] =>
    names
      .filter(isSet)
      .map((name) => `${name} is set, and KAFKA_SECURITY_PROTOCOL is ${protocol}, ${what}`)
  return [
    ...(TLS_PROTOCOLS.includes(protocol)
      ? findHalfCertificate(isSet)
      : without(TLS_SETTINGS, 'which is without TLS: set SSL or SASL_SSL, or leave it out')),
    ...(SASL_PROTOCOLS.includes(protocol)
      ? findHalfSasl(given)
      : without(
          ['KAFKA_SASL_MECHANISM', ...PASSWORD_SETTINGS, ...TOKEN_SETTINGS],
          'which is without SASL: set SASL_SSL, or leave it out',
        )),
  ]
}

function findHalfCertificate(isSet: (name: string) => boolean): string[] {
  const hasCertificate = isSet('KAFKA_SSL_CERTIFICATE_LOCATION')
  const hasKey = isSet('KAFKA_SSL_KEY_LOCATION')
  const password = ['KAFKA_SSL_KEY_PASSWORD', 'KAFKA_SSL_KEY_PASSWORD_FILE'].find(isSet)
  return [
    ...(hasCertificate && !hasKey
      ? [
          'KAFKA_SSL_KEY_LOCATION is missing: KAFKA_SSL_CERTIFICATE_LOCATION is of no use without it',
        ]
      : []),
    ...(hasKey && !hasCertificate
      ? [
          'KAFKA_SSL_CERTIFICATE_LOCATION is missing: KAFKA_SSL_KEY_LOCATION is of no use without it',
        ]
      : []),
    ...(password !== undefined && !hasKey
      ? [`${password} is set, and there is no KAFKA_SSL_KEY_LOCATION that it opens`]
      : []),
    ...findTwice('KAFKA_SSL_KEY_PASSWORD', isSet),
  ]
}

/** What a mechanism has, beside its own name. */
const OF_MECHANISM: Readonly<Record<string, readonly string[]>> = {
  PLAIN: PASSWORD_SETTINGS,
  'SCRAM-SHA-256': PASSWORD_SETTINGS,
  'SCRAM-SHA-512': PASSWORD_SETTINGS,
  OAUTHBEARER: TOKEN_SETTINGS,
  AWS_MSK_IAM: ['AWS_REGION'],
}

function findHalfSasl(given: Given): string[] {
  const isSet = (name: string): boolean => given(name) !== undefined
  const mechanism = given('KAFKA_SASL_MECHANISM')
  if (mechanism === undefined) {
    return ['KAFKA_SASL_MECHANISM is missing: KAFKA_SECURITY_PROTOCOL demands it']
  }
  const own = OF_MECHANISM[mechanism]
  if (own === undefined) return []
  const missing = (name: string): string[] =>
    isSet(name) ? [] : [`${name} is missing: KAFKA_SASL_MECHANISM ${mechanism} demands it`]
  const missingSecret = (name: string): string[] =>
    isSet(`${name}_FILE`)
      ? []
      : missing(name).map((problem) =>
          problem.replace(' is missing', ` is missing, or ${name}_FILE`),
        )
  return [
    ...(own === PASSWORD_SETTINGS
      ? [...missing('KAFKA_SASL_USERNAME'), ...missingSecret('KAFKA_SASL_PASSWORD')]
      : []),
    ...(own === TOKEN_SETTINGS ? findHalfToken(isSet, missing, missingSecret) : []),
    ...(mechanism === 'AWS_MSK_IAM' ? missing('AWS_REGION') : []),
    ...[...PASSWORD_SETTINGS, ...TOKEN_SETTINGS]
      .filter((name) => isSet(name) && !own.includes(name))
      .map(
        (name) =>
          `${name} is set, and KAFKA_SASL_MECHANISM is ${mechanism}, which has no use for it`,
      ),
    ...findTwice('KAFKA_SASL_PASSWORD', isSet),
    ...findTwice('KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET', isSet),
  ]
}

type Find = (name: string) => string[]

function findHalfToken(
  isSet: (name: string) => boolean,
  missing: Find,
  missingSecret: Find,
): string[] {
  if (!isSet('KAFKA_SASL_OAUTHBEARER_TOKEN_FILE')) {
    return [
      ...missing('KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL'),
      ...missing('KAFKA_SASL_OAUTHBEARER_CLIENT_ID'),
      ...missingSecret('KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET'),
    ]
  }
  return OF_CLIENT.filter(isSet).map(
    (name) => `KAFKA_SASL_OAUTHBEARER_TOKEN_FILE and ${name} are both set: leave one of them out`,
  )
}

/** Of settings without contradictions. */
export function toKafkaSecurity(settings: Settings) {
  const protocol = settings.KAFKA_SECURITY_PROTOCOL
  return Object.freeze({
    protocol,
    tls: TLS_PROTOCOLS.includes(protocol) ? toTls(settings) : undefined,
    sasl: SASL_PROTOCOLS.includes(protocol) ? toSasl(settings) : undefined,
  })
}

function toTls(settings: Settings) {
  return Object.freeze({
    /** `system`: those of the operating system; undefined: those of Node.js. */
    caFile: settings.KAFKA_SSL_CA_LOCATION,
    certificateFile: settings.KAFKA_SSL_CERTIFICATE_LOCATION,
    keyFile: settings.KAFKA_SSL_KEY_LOCATION,
    keyPassword: toSecret(settings.KAFKA_SSL_KEY_PASSWORD, settings.KAFKA_SSL_KEY_PASSWORD_FILE),
    serverName: settings.KAFKA_SSL_SERVER_NAME,
    verifies: settings.KAFKA_SSL_VERIFY,
  })
}

function toSasl(settings: Settings) {
  const mechanism = demanded(settings.KAFKA_SASL_MECHANISM)
  switch (mechanism) {
    case 'PLAIN':
    case 'SCRAM-SHA-256':
    case 'SCRAM-SHA-512':
      return Object.freeze({
        mechanism,
        username: demanded(settings.KAFKA_SASL_USERNAME),
        password: demanded(
          toSecret(settings.KAFKA_SASL_PASSWORD, settings.KAFKA_SASL_PASSWORD_FILE),
        ),
      })
    case 'OAUTHBEARER':
      return Object.freeze({
        mechanism,
        origin: toTokenOrigin(settings),
        extensions: parseExtensions(settings.KAFKA_SASL_OAUTHBEARER_EXTENSIONS ?? '') ?? {},
      })
    case 'AWS_MSK_IAM': {
      const origin = Object.freeze({ kind: 'aws' as const, region: demanded(settings.AWS_REGION) })
      return Object.freeze({ mechanism: 'OAUTHBEARER' as const, origin, extensions: {} })
    }
  }
}

function toTokenOrigin(settings: Settings) {
  const path = settings.KAFKA_SASL_OAUTHBEARER_TOKEN_FILE
  if (path !== undefined) return Object.freeze({ kind: 'file' as const, path })
  const clientSecret = toSecret(
    settings.KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET,
    settings.KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET_FILE,
  )
  const credentials = Object.freeze({
    endpointUrl: demanded(settings.KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL),
    clientId: demanded(settings.KAFKA_SASL_OAUTHBEARER_CLIENT_ID),
    clientSecret: demanded(clientSecret),
    scope: settings.KAFKA_SASL_OAUTHBEARER_SCOPE,
  })
  return Object.freeze({ kind: 'client-credentials' as const, credentials })
}

/** The contradictions were looked for before, so only a bug of ours makes this throw. */
function demanded<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new TypeError('half a SASL setting passed the check')
  return value
}
