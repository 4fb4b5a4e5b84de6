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

/** Undefined where it is no plain http(s) address. */
export function parseRegistryUrl(text: string): RegistryAddress | undefined {
  const url = URL.parse(text)
  if (url === null || !['http:', 'https:'].includes(url.protocol)) return undefined
  if (url.search !== '' || url.hash !== '') return undefined
  const userInfo = url.username === '' ? undefined : `${url.username}:${url.password}`
  try {
    return {
      url: url.origin + url.pathname.replace(/\/+$/, ''),
      userInfo: userInfo === undefined ? undefined : decodeURIComponent(userInfo),
    }
  } catch {
    // A stray percent sign in the userinfo.
    return undefined
  }
}

/** `sqlite:relative`, `sqlite:/absolute`, `sqlite:///absolute` or `sqlite::memory:`. */
export function parseDatabaseUrl(text: string): SqliteDatabase | undefined {
  const match = /^sqlite:(?:\/\/(?=\/))?(?!\/\/)(.+)$/.exec(text)
  return match?.[1] === undefined ? undefined : { kind: 'sqlite', path: match[1] }
}

/** Recognised so that its refusal can say why. */
export function isPostgresUrl(text: string): boolean {
  return /^postgres(?:ql)?:/.test(text)
}
