import type { Config } from '../config/config.ts'

/** Where a service with these settings is reached from this machine. */
export function serviceUrl({ apiHost, apiPort }: Pick<Config, 'apiHost' | 'apiPort'>): string {
  return `http://${reachableHost(apiHost)}:${apiPort}`
}

/** `0.0.0.0` is an address to listen on and none to open. */
function reachableHost(apiHost: string): string {
  if (apiHost === '0.0.0.0' || apiHost === '::') return 'localhost'
  return apiHost.includes(':') ? `[${apiHost}]` : apiHost
}
