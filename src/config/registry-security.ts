import type { Static, TObject } from 'typebox'
import type { Given } from './caller-settings.ts'
import { findTwice, toSecret } from './secret-setting.ts'
import type { registrySettings } from './registry-settings.ts'
import type { RegistryAddress } from './setting-text.ts'

type Settings = Static<TObject<typeof registrySettings>>

const BASIC = 'SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO'
const TOKEN = 'SCHEMA_REGISTRY_BEARER_AUTH_TOKEN'
const ISSUER = 'SCHEMA_REGISTRY_BEARER_AUTH_ISSUER_ENDPOINT_URL'
const CLIENT_ID = 'SCHEMA_REGISTRY_BEARER_AUTH_CLIENT_ID'
const CLIENT_SECRET = 'SCHEMA_REGISTRY_BEARER_AUTH_CLIENT_SECRET'
const CERTIFICATE = 'SCHEMA_REGISTRY_SSL_CERTIFICATE_LOCATION'
const KEY = 'SCHEMA_REGISTRY_SSL_KEY_LOCATION'

/** Of no use without {@link ISSUER}. */
const OF_ISSUER = [
  CLIENT_ID,
  CLIENT_SECRET,
  `${CLIENT_SECRET}_FILE`,
  'SCHEMA_REGISTRY_BEARER_AUTH_SCOPE',
  'SCHEMA_REGISTRY_BEARER_AUTH_LOGICAL_CLUSTER',
  'SCHEMA_REGISTRY_BEARER_AUTH_IDENTITY_POOL_ID',
]

/** A sentence for each, beginning with the name of a setting. None repeats a value. */
export function findRegistryContradictions(given: Given): readonly string[] {
  const isSet = (name: string): boolean => given(name) !== undefined
  const isSetOrFile = (name: string): boolean => isSet(name) || isSet(`${name}_FILE`)
  const ways = [...[BASIC, TOKEN].filter(isSetOrFile), ...[ISSUER].filter(isSet)]
  const isPlain = given('SCHEMA_REGISTRY_URL')?.startsWith('https:') !== true
  const needless = isPlain
    ? ['SCHEMA_REGISTRY_SSL_CA_LOCATION', CERTIFICATE, KEY].filter(isSet)
    : []
  return [
    ...(ways.length > 1
      ? [`${ways.join(' and ')} are set: a registry is shown one credential, so leave one of them`]
      : []),
    ...(isSet(ISSUER)
      ? [
          ...(isSet(CLIENT_ID) ? [] : [`${CLIENT_ID} is missing: ${ISSUER} demands it`]),
          ...(isSetOrFile(CLIENT_SECRET)
            ? []
            : [`${CLIENT_SECRET} is missing, or ${CLIENT_SECRET}_FILE: ${ISSUER} demands one`]),
        ]
      : OF_ISSUER.filter(isSet).map((name) => `${name} is set, and there is no ${ISSUER}`)),
    ...(isSet(CERTIFICATE) && !isSet(KEY) ? [`${KEY} is missing: ${CERTIFICATE} demands it`] : []),
    ...(isSet(KEY) && !isSet(CERTIFICATE) ? [`${CERTIFICATE} is missing: ${KEY} demands it`] : []),
    ...needless.map((name) => `${name} is set, and SCHEMA_REGISTRY_URL is no https:// address`),
    ...[BASIC, TOKEN, CLIENT_SECRET].flatMap((name) => findTwice(name, isSet)),
  ]
}

/** Of settings without contradictions. Credentials in the address count where there are no others. */
export function toRegistryAuth(settings: Settings, { userInfo }: RegistryAddress) {
  const basic = toSecret(
    settings.SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO,
    settings.SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO_FILE,
  )
  if (basic !== undefined) return Object.freeze({ kind: 'basic' as const, userInfo: basic })
  const token = toSecret(
    settings.SCHEMA_REGISTRY_BEARER_AUTH_TOKEN,
    settings.SCHEMA_REGISTRY_BEARER_AUTH_TOKEN_FILE,
  )
  if (token !== undefined) return Object.freeze({ kind: 'bearer' as const, token })
  const clientSecret = toSecret(
    settings.SCHEMA_REGISTRY_BEARER_AUTH_CLIENT_SECRET,
    settings.SCHEMA_REGISTRY_BEARER_AUTH_CLIENT_SECRET_FILE,
  )
  const endpointUrl = settings.SCHEMA_REGISTRY_BEARER_AUTH_ISSUER_ENDPOINT_URL
  const clientId = settings.SCHEMA_REGISTRY_BEARER_AUTH_CLIENT_ID
  if (endpointUrl !== undefined && clientId !== undefined && clientSecret !== undefined) {
    const scope = settings.SCHEMA_REGISTRY_BEARER_AUTH_SCOPE
    return Object.freeze({
      kind: 'oauth' as const,
      credentials: Object.freeze({ endpointUrl, clientId, clientSecret, scope }),
      logicalCluster: settings.SCHEMA_REGISTRY_BEARER_AUTH_LOGICAL_CLUSTER,
      identityPoolId: settings.SCHEMA_REGISTRY_BEARER_AUTH_IDENTITY_POOL_ID,
    })
  }
  const ofAddress = toSecret(userInfo, undefined)
  return Object.freeze(
    ofAddress === undefined
      ? { kind: 'none' as const }
      : { kind: 'basic' as const, userInfo: ofAddress },
  )
}

/** Undefined where nothing of it is set: Node's own authorities, and no certificate of ours. */
export function toRegistryTls(settings: Settings) {
  const caFile = settings.SCHEMA_REGISTRY_SSL_CA_LOCATION
  const certificateFile = settings.SCHEMA_REGISTRY_SSL_CERTIFICATE_LOCATION
  const keyFile = settings.SCHEMA_REGISTRY_SSL_KEY_LOCATION
  if (caFile === undefined && certificateFile === undefined) return undefined
  return Object.freeze({ caFile, certificateFile, keyFile })
}
