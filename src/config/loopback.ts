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
