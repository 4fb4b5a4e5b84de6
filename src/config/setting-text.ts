import { isLoopback } from './loopback.ts'
import { isDecodable, readPostgresUrl, type PostgresDatabase } from './postgres-url.ts'

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
  if (url.username === '' && url.password !== '') return undefined
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
  const postgres = readPostgresUrl(text)
  return typeof postgres === 'string' ? undefined : postgres
}

/** A secret goes there, so in plain text only within this machine. */
export function isTokenEndpoint(value: string): boolean {
  const url = URL.parse(value)
  if (url === null || url.username + url.password !== '' || url.hash !== '') return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
}

export const TOKEN_ENDPOINT_FORM = 'an https:// address, or an http:// one of this machine'

/** Printable, so that it can be shown in a header. */
export function isWord(value: string): boolean {
  return /^[\x20-\x7E]{1,1024}$/.test(value)
}

/** Of OAuth. */
export const CLIENT_SECRET = { form: 'a secret', accepts: isWord }

/** Why it is no address of a database, where more can be said than its form. */
export function explainDatabaseUrl(text: string): string | undefined {
  if (!/^postgres(?:ql)?:/.test(text)) return undefined
  const reason = readPostgresUrl(text)
  return typeof reason === 'string' ? reason : undefined
}

/** As it may be shown: without credentials. Undefined where no parser says which part of it they are. */
export function withoutCredentials(text: string): string | undefined {
  const database = parseDatabaseUrl(text)
  if (database?.kind === 'sqlite') return text
  if (database === undefined && parseRegistryUrl(text) === undefined) return undefined
  const url = new URL(text)
  const credentials = url.username === '' && url.password === '' ? '' : '***@'
  return `${url.protocol}//${credentials}${url.host}${url.pathname}${url.search}`
}
