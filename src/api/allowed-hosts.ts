import { isIP } from 'node:net'

/** Of a Host header: a name or an address, and perhaps a port. */
const HOST = /^(?:\[(?<address>[\da-f:.]+)\]|(?<name>[\w.-]+))(?::\d{1,5})?$/iu

/** Nobody can register a name below one of these, nor one without a dot. */
const PRIVATE_SUFFIXES = ['localhost', 'local', 'internal', 'svc']

const EVERY_HOST = '*'
const BELOW = '*.'

/**
 * Whether a request means this service by its Host header. A page may point its own name at an address
 * that the browser reaches, this machine's among them; its requests are then of the same origin to the
 * browser, and it may read the answers. But their Host header has the page's name. So a name has to be
 * known here, or be one that no page of another can have. An address is no name: probes use it.
 */
export function createHostCheck(allowed: readonly string[]): (host: string | undefined) => boolean {
  if (allowed.includes(EVERY_HOST)) return () => true
  const names = new Set(allowed)
  const suffixes = allowed
    .filter((host) => host.startsWith(BELOW))
    .map((host) => host.slice(EVERY_HOST.length))
  return (host) => {
    // HTTP/1.0 has none, and no browser speaks that.
    if (host === undefined) return true
    const { address, name = '' } = HOST.exec(host)?.groups ?? {}
    const known = name.toLowerCase().replace(/\.$/u, '')
    return (
      isIP(address ?? known) !== 0 ||
      isPrivate(known) ||
      names.has(known) ||
      suffixes.some((suffix) => known.endsWith(suffix))
    )
  }
}

function isPrivate(name: string): boolean {
  if (name === '') return false
  return PRIVATE_SUFFIXES.includes(name.split('.').at(-1) ?? '') || !name.includes('.')
}
