/** Reading and checking the settings that are more than a number or a word. */

export interface BrokerAddress {
  readonly host: string
  readonly port: number
}

/** `path` is a file, or `:memory:` for a database that dies with the process. */
export interface SqliteDatabase {
  readonly kind: 'sqlite'
  readonly path: string
}

export interface PostgresDatabase {
  readonly kind: 'postgres'
  /** With the password. */
  readonly url: string
  /** For people and logs: `database at host:port`. */
  readonly name: string
}

export type Database = SqliteDatabase | PostgresDatabase

export interface RegistryAddress {
  /** Without userinfo and trailing slash, so that it can be shown and logged. */
  readonly url: string
  /** `key:secret`, where the address carried one. */
  readonly userInfo: string | undefined
}

/** A host name, an IPv4 address, or an IPv6 address in brackets; then the port. */
const ADDRESS = /^(?:\[([\da-fA-F:.]+)\]|([^\s:/@,[\]]+)):(\d{1,5})$/

/** `host:port,host:port` as addresses; undefined where it is no such list. */
export function parseAddresses(text: string): readonly BrokerAddress[] | undefined {
  const addresses = text.split(',').map((part) => parseAddress(part.trim()))
  return addresses.every((address) => address !== undefined) ? addresses : undefined
}

function parseAddress(text: string): BrokerAddress | undefined {
  const match = ADDRESS.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  return host !== undefined && port >= 1 && port <= 65_535 ? { host, port } : undefined
}

const HOST_NAME = /^(?:\*|(?:\*\.)?[\w-]+(?:\.[\w-]+)*)$/

/** `name,*.name` in lower case; undefined where it is no such list. */
export function parseHostNames(text: string): readonly string[] | undefined {
  const names = text.split(',').map((name) => name.trim().toLowerCase())
  return names.every((name) => HOST_NAME.test(name)) ? names : undefined
}

/** Undefined where it is no plain http(s) address. */
export function parseRegistryUrl(text: string): RegistryAddress | undefined {
  const url = URL.parse(text)
  if (url === null || !['http:', 'https:'].includes(url.protocol)) return undefined
  if (url.search !== '' || url.hash !== '') return undefined
  const userInfo = url.username === '' ? undefined : `${url.username}:${url.password}`
  if (userInfo !== undefined && !isDecodable(userInfo)) return undefined
  return {
    url: url.origin + url.pathname.replace(/\/+$/, ''),
    userInfo: userInfo === undefined ? undefined : decodeURIComponent(userInfo),
  }
}

/**
 * `sqlite:relative`, `sqlite:/absolute`, `sqlite:///absolute`, `sqlite::memory:` or
 * `postgres://user:password@host:port/database?parameters`.
 */
export function parseDatabaseUrl(text: string): Database | undefined {
  const match = /^sqlite:(?:\/\/(?=\/))?(?!\/\/)(.+)$/.exec(text)
  if (match?.[1] !== undefined) return { kind: 'sqlite', path: match[1] }
  return parsePostgresUrl(text)
}

/**
 * What the driver lets an address say. Others would be ignored, or override what we set. Certificates
 * are files; `host` is for the folder of a Unix socket.
 */
const POSTGRES_PARAMETERS = new Set([
  'application_name',
  'host',
  'options',
  'sslcert',
  'sslkey',
  'sslmode',
  'sslnegotiation',
  'sslrootcert',
  'uselibpqcompat',
])

function parsePostgresUrl(text: string): PostgresDatabase | undefined {
  const url = URL.parse(text)
  if (url === null || !['postgres:', 'postgresql:'].includes(url.protocol)) return undefined
  const parameters = url.searchParams
  if (url.hash !== '' || [...parameters.keys()].some((key) => !POSTGRES_PARAMETERS.has(key))) {
    return undefined
  }
  const host = url.hostname === '' ? (parameters.get('host') ?? 'localhost') : url.hostname
  const database = /^\/([^/]+)$/.exec(url.pathname)?.[1]
  if (database === undefined || !isDecodable(url.username + url.password + database))
    return undefined
  const port = url.port === '' ? '5432' : url.port
  const name = `${decodeURIComponent(database)} at ${host}:${port}`
  return { kind: 'postgres', url: text, name }
}

/** Not where a percent sign stands for itself. */
function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
