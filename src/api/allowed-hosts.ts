import type { IncomingMessage } from 'node:http'
import { BlockList, isIP, type Socket } from 'node:net'

/** Of a Host header: a name or an address, and perhaps a port. */
const HOST = /^(?:\[(?<address>[\da-f:.]+)\]|(?<name>[\w.-]+))(?::\d{1,5})?$/iu

const LOOPBACK_NAME = /^(?:.*\.)?localhost$/u

/** Nobody can register a name below one of these, nor one without a dot. */
const PRIVATE_SUFFIXES = ['local', 'internal', 'svc']

const EVERY_HOST = '*'
const BELOW = '*.'

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

export interface OwnNames {
  /** In lower case; `*.` in front of a name means all names below it, `*` alone means every name. */
  readonly names: readonly string[]
  /** Other machines may reach the service, by names that it cannot know. */
  readonly hasOthers: boolean
}

interface JudgedHost {
  readonly host: string
  readonly isKnown: boolean
  readonly isPrivate: boolean
}

/**
 * Whether a request means this service by its Host header. A page may point its own name at an address
 * that the browser reaches, this machine's among them; its requests are then of the same origin to the
 * browser, and it may read the answers. But their Host header has the page's name.
 *
 * - A browser's request has to come by a name that is known here, or by an address.
 * - A program's may also come by a name that nobody can register. A browser's may not: any device nearby
 *   can claim a name such as `shop.local`, and serve a page under it.
 * - Where the service has names that it cannot know, only browsers on this very machine are judged. The
 *   others reach it without a trick: it listens for them.
 */
export function createHostCheck({ names: own, hasOthers }: OwnNames) {
  const names = new Set(own)
  const suffixes = own
    .filter((host) => host.startsWith(BELOW))
    .map((host) => host.slice(EVERY_HOST.length))

  function isKnown(address: string | undefined, name: string): boolean {
    return (
      isIP(address ?? name) !== 0 ||
      LOOPBACK_NAME.test(name) ||
      names.has(name) ||
      suffixes.some((suffix) => name.endsWith(suffix))
    )
  }

  /** Most requests come by one name. */
  let latest = judge('')

  /** `request`: undefined for one that is known to come from a program. */
  return (host: string | undefined, request?: IncomingMessage): boolean => {
    // HTTP/1.0 has none, and no browser speaks that.
    if (host === undefined || names.has(EVERY_HOST)) return true
    const isOfBrowser = request !== undefined && hasSignOfBrowser(request)
    if (hasOthers && !(isOfBrowser && isOverLoopback(request.socket))) return true
    if (host !== latest.host) latest = judge(host)
    return latest.isKnown || (!isOfBrowser && latest.isPrivate)
  }

  function judge(host: string): JudgedHost {
    const { address, name: written = '' } = HOST.exec(host)?.groups ?? {}
    const name = written.toLowerCase().replace(/\.$/u, '')
    return { host, isKnown: isKnown(address, name), isPrivate: isPrivate(name) }
  }
}

/**
 * A page that reads from its own origin sends no Origin, and one that came without TLS no Sec-Fetch-Site.
 * But a browser names its user's languages in every request, and no page can keep it from that
 * (https://fetch.spec.whatwg.org/#http-network-or-cache-fetch). Programs that do so, too, say localhost.
 */
function hasSignOfBrowser({ headers }: IncomingMessage): boolean {
  return (
    headers['accept-language'] !== undefined ||
    headers.origin !== undefined ||
    headers['sec-fetch-site'] !== undefined ||
    headers['sec-fetch-mode'] !== undefined
  )
}

function isOverLoopback({ localAddress }: Socket): boolean {
  const family = isIP(localAddress ?? '')
  return family !== 0 && LOOPBACK.check(localAddress ?? '', family === 6 ? 'ipv6' : 'ipv4')
}

function isPrivate(name: string): boolean {
  if (name === '') return false
  return PRIVATE_SUFFIXES.includes(name.split('.').at(-1) ?? '') || !name.includes('.')
}
