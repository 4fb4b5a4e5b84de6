import { BlockList, isIP } from 'node:net'

const ADDRESSES = new BlockList()
ADDRESSES.addSubnet('127.0.0.0', 8, 'ipv4')
ADDRESSES.addAddress('::1', 'ipv6')

/** Whether only processes of this machine reach what listens there. Takes `[::1]` of a URL, too. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost') return true
  const address = host.replace(/^\[(.*)\]$/, '$1')
  const family = isIP(address)
  return family !== 0 && ADDRESSES.check(address, family === 6 ? 'ipv6' : 'ipv4')
}

interface Listening {
  readonly apiHost: string
  readonly door: { readonly management: { readonly host: string } | undefined }
}

/** Where other machines reach the service, by either of its ports; undefined: nowhere. */
export function findOpenHost({
  apiHost,
  door: { management },
}: Listening): { readonly setting: string; readonly host: string } | undefined {
  if (!isLoopback(apiHost)) return { setting: 'API_HOST', host: apiHost }
  return management === undefined || isLoopback(management.host)
    ? undefined
    : { setting: 'MANAGEMENT_HOST', host: management.host }
}
