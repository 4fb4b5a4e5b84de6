import { isIP } from 'node:net'
import { Type, type Static, type TObject } from 'typebox'
import { integer, pemFile, text } from './setting-forms.ts'

/** The part of the settings that says how the service is reached, beside its address. */

const PREFIX_MAX = { 4: 32, 6: 128 } as const

/** `10.0.0.0/8,::1` as networks; undefined where it is no such list. */
export function parseNetworks(value: string): readonly string[] | undefined {
  const networks = value.split(',').map((network) => network.trim())
  return networks.every(isNetwork) ? networks : undefined
}

function isNetwork(network: string): boolean {
  const [address = '', prefix, ...more] = network.split('/')
  const version = isIP(address)
  if (version === 0 || more.length > 0) return false
  if (prefix === undefined) return true
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= PREFIX_MAX[version === 4 ? 4 : 6]
}

/** As a browser writes them in the header Origin; undefined where it is no such list. */
export function parseOrigins(value: string): readonly string[] | undefined {
  const origins = value.split(',').map((origin) => origin.trim())
  return origins.every(isOrigin) ? origins : undefined
}

function isOrigin(origin: string): boolean {
  return /^https?:\/\//.test(origin) && URL.parse(origin)?.origin === origin
}

export const doorSettings = {
  API_TLS_CERT_FILE: Type.Optional(
    pemFile(
      'Certificate of the service and its chain: then it speaks TLS, 1.2 or newer. It is read again every few seconds.',
    ),
  ),
  API_TLS_KEY_FILE: Type.Optional(pemFile('The private key of that certificate.')),
  API_TLS_CLIENT_CA_FILE: Type.Optional(
    pemFile('Authorities of the certificates that each client must show.'),
  ),
  TRUST_PROXY: Type.Optional(
    text(
      'Networks of the proxies in front: what X-Forwarded-For, -Proto and -Host say is believed from there. Unset: from nobody.',
      {
        form: 'addresses or networks such as 10.0.0.0/8, separated by commas',
        accepts: (value) => parseNetworks(value) !== undefined,
      },
    ),
  ),
  API_RATE_LIMIT_PER_SECOND: Type.Optional(
    integer(
      'Requests a second that one caller may send to one instance, and at once after it was quiet; further ones are answered 429. A caller is its principal, or without API_AUTH its address. Unset: no limit.',
      { minimum: 1, maximum: 100_000 },
    ),
  ),
  API_CORS_ORIGINS: Type.Optional(
    text(
      'Origins whose pages may call the API and read its answers, by keys or tokens and without cookies. Unset: none.',
      {
        form: 'origins such as https://shop.example, separated by commas',
        accepts: (value) => parseOrigins(value) !== undefined,
      },
    ),
  ),
  MANAGEMENT_PORT: Type.Optional(
    integer(
      'A second port, for operators: then what needs the scope admin is answered there alone. It speaks plain HTTP.',
      { minimum: 1, maximum: 65_535 },
    ),
  ),
  MANAGEMENT_HOST: text('Address of that port.', {
    form: 'a host name or an IP address',
    default: 'localhost',
    accepts: (value) => /^[\w.:-]{1,253}$/.test(value),
  }),
}

type DoorSettings = Static<TObject<typeof doorSettings>>

export type DoorConfig = ReturnType<typeof toDoorConfig>

export function toDoorConfig(settings: DoorSettings) {
  const { API_TLS_CERT_FILE: certFile, API_TLS_KEY_FILE: keyFile } = settings
  const { TRUST_PROXY: proxies, API_CORS_ORIGINS: origins } = settings
  return Object.freeze({
    tls:
      certFile === undefined || keyFile === undefined
        ? undefined
        : Object.freeze({ certFile, keyFile, clientCaFile: settings.API_TLS_CLIENT_CA_FILE }),
    trustedProxies: Object.freeze(proxies === undefined ? [] : (parseNetworks(proxies) ?? [])),
    /** Undefined: no limit. */
    requestsPerSecond: settings.API_RATE_LIMIT_PER_SECOND,
    corsOrigins: Object.freeze(origins === undefined ? [] : (parseOrigins(origins) ?? [])),
    management:
      settings.MANAGEMENT_PORT === undefined
        ? undefined
        : Object.freeze({ host: settings.MANAGEMENT_HOST, port: settings.MANAGEMENT_PORT }),
  })
}

const TLS_PAIRS = [
  ['API_TLS_CERT_FILE', 'API_TLS_KEY_FILE'],
  ['API_TLS_KEY_FILE', 'API_TLS_CERT_FILE'],
  ['API_TLS_CLIENT_CA_FILE', 'API_TLS_CERT_FILE'],
] as const

/** Settings that each are right and together are not. A sentence for each, beginning with its name. */
export function findDoorContradictions(
  given: (name: string) => string | undefined,
): readonly string[] {
  const isSet = (name: string): boolean => given(name) !== undefined
  const half = TLS_PAIRS.filter(([name, other]) => isSet(name) && !isSet(other))
  return [
    ...half.map(([name, other]) => `${name} is of no use without ${other}`),
    ...(isSet('MANAGEMENT_PORT') && given('MANAGEMENT_PORT') === (given('API_PORT') ?? '8000')
      ? ['MANAGEMENT_PORT must be another port than API_PORT']
      : []),
  ]
}
