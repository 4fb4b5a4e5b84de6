import { Type, type Static, type TObject } from 'typebox'
import { findOpenHost, isLoopback } from './loopback.ts'
import { toSecret } from './secret-setting.ts'
import { secret, secretFile, text, type SecretRule } from './setting-forms.ts'

/** Ways in which a caller may say who it is. */
const AUTH_WAYS = ['api-key', 'jwt', 'client-cert'] as const

export type AuthWay = (typeof AUTH_WAYS)[number]

const NONE = 'none'

/** A list of ways; empty for `none`; undefined where it is no such list. */
export function parseAuthWays(value: string): readonly AuthWay[] | undefined {
  if (value === NONE) return []
  return parseList(value, AUTH_WAYS)
}

/** As in models/caller.ts, which the settings do not know. */
const SCOPES = ['orders:read', 'orders:write', 'admin'] as const

/** With a public key alone nobody can sign: those with a shared secret are not among them. */
const ALGORITHMS = [
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'PS256',
  'PS384',
  'PS512',
  'RS256',
  'RS384',
  'RS512',
] as const

/** In the order of `words`, each once; undefined where the text has another one. */
function parseList<T extends string>(value: string, words: readonly T[]): readonly T[] | undefined {
  const names = value.split(',').map((name) => name.trim())
  const found = words.filter((word) => names.includes(word))
  return found.length === names.length ? found : undefined
}

/** What a signature is checked by must not be changed on its way here. */
function isKeySetAddress(value: string): boolean {
  const url = URL.parse(value)
  if (url === null || url.username + url.password !== '' || url.hash !== '') return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
}

/** Without a slash at its end; undefined where it is no such address. */
function parsePublicUrl(value: string): string | undefined {
  const url = URL.parse(value)
  if (url === null || !['http:', 'https:'].includes(url.protocol)) return undefined
  if (url.username + url.password + url.search + url.hash !== '') return undefined
  return url.origin + url.pathname.replace(/\/+$/, '')
}

/** Of a header, a claim or a token: printable ASCII without spaces. */
const WORD = /^[\x21-\x7e]+$/

const isWord = (value: string): boolean => WORD.test(value)

const CLIENT_SECRET: SecretRule = { form: 'a secret without spaces', accepts: isWord }

const SESSION_KEY: SecretRule = {
  form: 'at least 32 characters, such as openssl rand -hex 32 makes them',
  accepts: (value) => value.length >= 32,
}

const CREDENTIAL: SecretRule = { form: 'a key or token without spaces', accepts: isWord }

/** The part of the settings that says who may call. */
export const callerSettings = {
  API_AUTH: Type.Optional(
    text(
      'How callers say who they are. none: everybody may do everything. Unset is none, but with NODE_ENV=production and an API_HOST that is not loopback the service then refuses to start.',
      {
        form: `${NONE}, or ${AUTH_WAYS.join(' or ')}, or several separated by commas`,
        accepts: (value) => parseAuthWays(value) !== undefined,
      },
    ),
  ),
  API_KEYS_FILE: Type.Optional(
    text(
      'File of the API keys, as hashes; `npx cart keys new` adds one. It is read again every few seconds, so keys come and go without a restart.',
      { form: 'the path of a file', isSecretFile: true, accepts: (value) => !value.includes('\0') },
    ),
  ),
  API_JWT_ISSUER: Type.Optional(
    text('The claim iss of tokens that are taken, exactly as the identity provider writes it.', {
      form: 'an issuer without spaces',
      accepts: isWord,
    }),
  ),
  API_JWT_AUDIENCE: Type.Optional(
    text('The claim aud of tokens that are taken: the name of this service at the provider.', {
      form: 'an audience without spaces',
      accepts: isWord,
    }),
  ),
  API_JWT_JWKS_URL: Type.Optional(
    text(
      'Where the identity provider publishes the public keys of its signatures. A private CA is named by NODE_EXTRA_CA_CERTS.',
      {
        form: 'an https:// address, or an http:// address of this machine',
        accepts: isKeySetAddress,
      },
    ),
  ),
  API_JWT_ALGORITHMS: text('Signatures that are taken.', {
    form: `one or several of ${ALGORITHMS.join(', ')}, separated by commas`,
    default: 'RS256,ES256',
    accepts: (value) => parseList(value, ALGORITHMS) !== undefined,
  }),
  API_JWT_SCOPES_CLAIM: text(
    'Claim with the scopes: a text with spaces between, or a list. Words in it that are no scopes of this service are ignored.',
    { form: 'the name of a claim', default: 'scope', accepts: isWord },
  ),
  API_JWT_PRINCIPAL_CLAIM: text('Claim that says who the caller is.', {
    form: 'the name of a claim',
    default: 'sub',
    accepts: isWord,
  }),
  API_TLS_CLIENT_SCOPES: text(
    'With client-cert in API_AUTH: the scopes of clients by their certificates. The subject of a certificate is who the caller is.',
    {
      form: `one or several of ${SCOPES.join(', ')}, separated by commas`,
      default: 'orders:read,orders:write',
      accepts: (value) => parseList(value, SCOPES) !== undefined,
    },
  ),
  PUBLIC_URL: Type.Optional(
    text(
      'How browsers reach the service, with the path that a proxy puts before its own. Unset: as the header Host says.',
      {
        form: 'an http:// or https:// address without query, such as https://example.com/orders',
        accepts: (value) => parsePublicUrl(value) !== undefined,
      },
    ),
  ),
  API_OIDC_CLIENT_ID: Type.Optional(
    text(
      'The client that this service is at the identity provider API_JWT_ISSUER: then browsers may log in there. It sends them back to PUBLIC_URL and /login/callback.',
      { form: 'a client id without spaces', accepts: isWord },
    ),
  ),
  API_OIDC_CLIENT_SECRET: Type.Optional(
    secret('The secret of that client. Unset: it has none.', CLIENT_SECRET),
  ),
  API_OIDC_CLIENT_SECRET_FILE: Type.Optional(secretFile('API_OIDC_CLIENT_SECRET', CLIENT_SECRET)),
  API_OIDC_SCOPE: text('What a login asks the provider for: the words of OAuth.', {
    form: 'words with spaces between, openid among them',
    default: 'openid orders:read orders:write',
    accepts: (value) =>
      /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/.test(value) && value.split(' ').includes('openid'),
  }),
  API_SESSION_KEY: Type.Optional(
    secret(
      'Seals the sessions of browsers. The same for all instances behind one address; unset, each start makes its own, and browsers log in anew.',
      SESSION_KEY,
    ),
  ),
  API_SESSION_KEY_FILE: Type.Optional(secretFile('API_SESSION_KEY', SESSION_KEY)),
  API_CREDENTIAL: Type.Optional(
    secret('API key or token that the commands of cart send to the service.', CREDENTIAL),
  ),
  API_CREDENTIAL_FILE: Type.Optional(secretFile('API_CREDENTIAL', CREDENTIAL)),
}

export type CallerSettings = Static<TObject<typeof callerSettings>>

export type CallerConfig = ReturnType<typeof toCallerConfig>

export type JwtConfig = NonNullable<CallerConfig['jwt']>

export function toCallerConfig(settings: CallerSettings) {
  const ways = settings.API_AUTH === undefined ? undefined : parseAuthWays(settings.API_AUTH)
  return Object.freeze({
    /** Undefined: nobody said. Empty: everybody may call. */
    ways: ways && Object.freeze(ways),
    keysFile: settings.API_KEYS_FILE,
    jwt: toJwtConfig(settings),
    /** Undefined: a client's certificate says nothing of the caller. */
    certificateScopes: ways?.includes('client-cert')
      ? Object.freeze(parseList(settings.API_TLS_CLIENT_SCOPES, SCOPES) ?? [])
      : undefined,
    /** Without a slash at its end. */
    publicUrl: settings.PUBLIC_URL === undefined ? undefined : parsePublicUrl(settings.PUBLIC_URL),
    oidc: toOidcConfig(settings),
    sessionKey: toSecret(settings.API_SESSION_KEY, settings.API_SESSION_KEY_FILE),
    /** Of the commands. */
    credential: toSecret(settings.API_CREDENTIAL, settings.API_CREDENTIAL_FILE),
  })
}

function toOidcConfig(settings: CallerSettings) {
  const { API_OIDC_CLIENT_ID: clientId, API_JWT_ISSUER: issuer } = settings
  if (clientId === undefined || issuer === undefined) return undefined
  const ofClient = toSecret(settings.API_OIDC_CLIENT_SECRET, settings.API_OIDC_CLIENT_SECRET_FILE)
  return Object.freeze({ issuer, clientId, secret: ofClient, scope: settings.API_OIDC_SCOPE })
}

function toJwtConfig(settings: CallerSettings) {
  const {
    API_JWT_ISSUER: issuer,
    API_JWT_AUDIENCE: audience,
    API_JWT_JWKS_URL: keySetUrl,
  } = settings
  if (issuer === undefined || audience === undefined || keySetUrl === undefined) return undefined
  return Object.freeze({
    issuer,
    audience,
    keySetUrl,
    algorithms: Object.freeze(parseList(settings.API_JWT_ALGORITHMS, ALGORITHMS) ?? []),
    scopesClaim: settings.API_JWT_SCOPES_CLAIM,
    principalClaim: settings.API_JWT_PRINCIPAL_CLAIM,
  })
}

/** The text of a setting; undefined where it is unset or blank. */
export type Given = (name: string) => string | undefined

const NEEDED_BY: Readonly<Record<AuthWay, readonly string[]>> = {
  'api-key': ['API_KEYS_FILE'],
  jwt: ['API_JWT_ISSUER', 'API_JWT_AUDIENCE', 'API_JWT_JWKS_URL'],
  'client-cert': ['API_TLS_CLIENT_CA_FILE'],
}

/** Settings that each are right and together are not. A sentence for each, beginning with its name. */
export function findCallerContradictions(given: Given): readonly string[] {
  const ways = parseAuthWays(given('API_AUTH') ?? NONE) ?? []
  const problems = AUTH_WAYS.flatMap((way) =>
    NEEDED_BY[way].flatMap((name) => {
      const isSet = given(name) !== undefined
      if (isSet === ways.includes(way)) return []
      // Certificates may be asked for and say nothing of who may do what.
      if (isSet && way === 'client-cert') return []
      return isSet
        ? [`${name} is set, and API_AUTH does not have ${way}`]
        : [`${name} must be set, because API_AUTH has ${way}`]
    }),
  )
  const ofLogin = ['API_OIDC_CLIENT_SECRET', 'API_OIDC_CLIENT_SECRET_FILE']
    .filter((name) => given(name) !== undefined && given('API_OIDC_CLIENT_ID') === undefined)
    .map((name) => `${name} is set, and API_OIDC_CLIENT_ID is not`)
  const doubled = ['API_CREDENTIAL', 'API_SESSION_KEY', 'API_OIDC_CLIENT_SECRET']
    .filter((name) => given(name) !== undefined && given(`${name}_FILE`) !== undefined)
    .map((name) => `${name}_FILE is set, and ${name}, too: leave one out`)
  return [...problems, ...findHalfLogin(given), ...ofLogin, ...doubled]
}

function findHalfLogin(given: Given): readonly string[] {
  if (given('API_OIDC_CLIENT_ID') === undefined) return []
  const issuer = given('API_JWT_ISSUER')
  const isGuarded = issuer === undefined || isKeySetAddress(issuer)
  return [
    ...['API_JWT_ISSUER', 'PUBLIC_URL']
      .filter((name) => given(name) === undefined)
      .map((name) => `API_OIDC_CLIENT_ID is of no use without ${name}`),
    ...(isGuarded
      ? []
      : ['API_JWT_ISSUER must be an https:// address, because API_OIDC_CLIENT_ID is set']),
  ]
}

/** Nobody shall open orders to a network without having said so. */
export function findOpenDoor(given: Given): readonly string[] {
  if (given('API_AUTH') !== undefined || given('NODE_ENV') !== 'production') return []
  const host = given('MANAGEMENT_HOST') ?? 'localhost'
  const management = given('MANAGEMENT_PORT') === undefined ? undefined : { host }
  const open = findOpenHost({ apiHost: given('API_HOST') ?? '0.0.0.0', door: { management } })
  if (open === undefined) return []
  return [
    `API_AUTH must be set, because NODE_ENV is production and ${open.host} is open to other machines: api-key with API_KEYS_FILE, or jwt, lets known callers in; none lets everybody in`,
  ]
}
