import type { Config } from '../config/config.ts'

/** Where a service with these settings is reached from this machine. */
export function serviceUrl({ apiHost, apiPort, door }: ListenSettings): string {
  return `${door.tls === undefined ? 'http' : 'https'}://${reachableHost(apiHost)}:${apiPort}`
}

/** Where it shows its health. */
export function healthUrl(config: ListenSettings): string {
  const { management } = config.door
  if (management === undefined) return serviceUrl(config)
  return `http://${reachableHost(management.host)}:${management.port}`
}

type ListenSettings = Pick<Config, 'apiHost' | 'apiPort' | 'door'>

/** `0.0.0.0` is an address to listen on and none to open. */
function reachableHost(apiHost: string): string {
  if (apiHost === '0.0.0.0' || apiHost === '::') return 'localhost'
  return apiHost.includes(':') ? `[${apiHost}]` : apiHost
}
