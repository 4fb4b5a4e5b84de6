/** The address of a PostgreSQL database, and what each part of it that is refused would mean. */

export interface PostgresDatabase {
  readonly kind: 'postgres'
  /** With the password, where the address has one. */
  readonly url: string
  /** For people and logs: `database at host:port`. */
  readonly name: string
}

/** Certificates are files; `host` is for the folder of a Unix socket. */
const PARAMETERS: ReadonlySet<string> = new Set([
  'application_name',
  'host',
  'options',
  'sslcert',
  'sslkey',
  'sslmode',
  'sslnegotiation',
  'sslrootcert',
])

/** Why others are not taken, where somebody may expect them. */
const REFUSED: Readonly<Record<string, string>> = {
  channel_binding: 'has no parameter channel_binding: leave it out, and use sslmode=verify-full',
  password: 'has no parameter password: write it before the host, or use DATABASE_PASSWORD_FILE',
  uselibpqcompat: 'has no parameter uselibpqcompat: sslmode means what libpq makes of it',
  target_session_attrs:
    'has no parameter target_session_attrs: a server that takes no writes is refused anyway',
}

/** Only those that say whom they believe. */
const SSL_MODES: Readonly<Record<string, string | undefined>> = {
  disable: undefined,
  'verify-ca': undefined,
  'verify-full': undefined,
  allow: 'has sslmode=allow, which is mostly without TLS: use disable or verify-full',
  prefer:
    'has sslmode=prefer, which goes on without TLS where there is none: use disable or verify-full',
  require:
    'has sslmode=require, which encrypts to whoever answers: use verify-full, with sslrootcert where the authority is not known',
  'no-verify': 'has sslmode=no-verify, which believes whoever answers: use verify-full',
}

/** The database, or why the text is none: to follow the name of the setting, without any secret. */
export function readPostgresUrl(text: string): PostgresDatabase | string {
  const scheme = /^postgres(?:ql)?:\/\//.exec(text)
  if (scheme === null) return 'must begin with postgres://'
  const hosts = text.slice(scheme[0].length).replace(/[?#].*$/s, '')
  if (/^[^/]*,/.test(hosts.slice(hosts.lastIndexOf('@') + 1))) {
    return 'must name one host: for several servers, use the name or address that moves to the one that takes writes'
  }
  const url = URL.parse(text)
  if (text.includes('#')) return 'must not hold a #: in a password it is written %23'
  if (url === null)
    return 'must be postgres://user:password@host:port/database; signs in a password are written in percent, such as %2F for /'
  return findRefused(url) ?? readDatabase(url, text)
}

function readDatabase(url: URL, text: string): PostgresDatabase | string {
  const path = url.pathname.slice(1)
  if (path.endsWith('/')) return 'ends with a slash: leave it out'
  if (path === '' || path.includes('/')) return 'must end with the name of one database: …/database'
  if (!isDecodable(url.username + url.password + path)) {
    return 'holds a % that begins no sign: in a password it is written %25'
  }
  const folder = url.searchParams.get('host') ?? 'localhost'
  const host = url.hostname === '' ? folder : url.hostname
  const port = url.port === '' ? '5432' : url.port
  return { kind: 'postgres', url: text, name: `${decodeURIComponent(path)} at ${host}:${port}` }
}

function findRefused({ hostname, searchParams }: URL): string | undefined {
  for (const [name, value] of searchParams) {
    if (name === 'sslmode') {
      if (!Object.hasOwn(SSL_MODES, value))
        return 'has an sslmode that is none of disable, verify-ca, verify-full'
      if (SSL_MODES[value] !== undefined) return SSL_MODES[value]
    } else if (!PARAMETERS.has(name)) {
      const known = [...PARAMETERS].join(', ')
      // A name may be the rest of a password with a question mark in it.
      return REFUSED[name] ?? `has a parameter that is not taken; those that are: ${known}`
    }
  }
  // Which one counts would be a guess: the driver takes the last.
  const twice = [...PARAMETERS].find((name) => searchParams.getAll(name).length > 1)
  if (twice !== undefined) return `has the parameter ${twice} twice`
  const folder = searchParams.get('host')
  // The driver would connect there, by a name that nobody is shown and no token is signed for.
  if (folder !== null && hostname !== '') return 'has a parameter host beside a host: leave it out'
  if (folder !== null && !folder.startsWith('/'))
    return 'has a parameter host that is no folder of a Unix socket: write the host before the database'
  const mode = searchParams.get('sslmode') ?? 'disable'
  const ofTls = ['sslrootcert', 'sslcert', 'sslkey', 'sslnegotiation']
  const needless = ofTls.find((name) => searchParams.has(name))
  if (needless !== undefined && mode === 'disable') {
    return `has ${needless} and no sslmode that uses it: add sslmode=verify-full`
  }
  return searchParams.has('sslcert') === searchParams.has('sslkey')
    ? undefined
    : 'has one of sslcert and sslkey: a certificate is of no use without its key'
}

/** Not where a percent sign stands for itself. */
export function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
