import type { Random } from '../../business/ports.ts'

/**
 * After a 503 that an outage is the reason of: about what a restart or a fail-over takes. After one that
 * says that the service is full, each client is told another time, so that they do not all come back at once.
 */
const OUTAGE_SECONDS = 2
const FULL_SECONDS_MAX = 4
/** After this long a caller has its whole rate again. */
const RATE_SECONDS = 1

/** For `retry-after`, in seconds. */
export function retryAfterSeconds(code: string, random: Random): number {
  if (code === 'RATE_LIMITED') return RATE_SECONDS
  return code === 'SERVICE_FULL' ? random.integer(1, FULL_SECONDS_MAX) : OUTAGE_SECONDS
}
