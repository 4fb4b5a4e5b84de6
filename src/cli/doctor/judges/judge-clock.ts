import { ok, warning, type Finding } from './finding.ts'

const SKEW_MS_MAX = 1_000

/** A `Date` header has whole seconds: its time was in the second that it names. */
const HEADER_STEP_MS = 1_000

/**
 * Compares this clock with another one, which said `dateMs` between two looks at ours. Only what
 * cannot be the header's rounding or the way there and back counts.
 */
export function judgeClock(beforeMs: number, dateMs: number, afterMs: number): Finding {
  const behindMs = dateMs - afterMs
  const aheadMs = beforeMs - (dateMs + HEADER_STEP_MS)
  const skewMs = Math.max(behindMs, aheadMs, 0)
  if (skewMs <= SKEW_MS_MAX) return ok('clock', 'agrees with that of the registry')
  const direction = behindMs > 0 ? 'behind' : 'ahead of'
  return warning(
    'clock',
    `${(skewMs / 1_000).toFixed(1)} s ${direction} that of the registry`,
    'Let a time service (chrony, systemd-timesyncd) set the clocks of both machines.',
  )
}
