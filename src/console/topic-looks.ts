/** How far back the topic can be looked through, and which look is the next one. */

export interface Look {
  /** As the service is asked for it; empty: from the beginning. */
  readonly since: string
  readonly span: string
  readonly ms: number
}

const MINUTE_MS = 60_000

const WHOLE: Look = { since: '', span: 'the whole topic', ms: Infinity }

/** Each further than the one before. */
export const LOOKS: readonly Look[] = [
  { since: '10m', span: 'the last 10 minutes', ms: 10 * MINUTE_MS },
  { since: '1h', span: 'the last hour', ms: 60 * MINUTE_MS },
  { since: '24h', span: 'the last day', ms: 24 * 60 * MINUTE_MS },
  { since: '7d', span: 'the last 7 days', ms: 7 * 24 * 60 * MINUTE_MS },
  WHOLE,
]

/** The first one that is further than what was looked through, back to so long ago. */
export function nextLook(backMs: number): Look {
  return LOOKS.find(({ ms }) => ms > backMs) ?? WHOLE
}
