import { ok, problem, skipped, warning, type Finding } from './finding.ts'

const SKEW_MS_MAX = 1_000

/** A `Date` header has whole seconds: its time was in the second that it names. */
const HEADER_STEP_MS = 1_000

/** Another clock said `dateMs` between two looks at ours. */
export interface ClockReading {
  readonly beforeMs: number
  readonly dateMs: number
  readonly afterMs: number
}

/** Why there is no reading. */
export interface MissingReading {
  readonly failure: string
}

const ACTION = 'Let a time service (chrony, systemd-timesyncd) set the clocks of both machines.'

/**
 * Compares this clock with that of the registry. Only what cannot be the header's rounding or the way
 * there and back counts. `aheadMaxMs`: how far ahead of the broker's clock the topic takes an event.
 * A broker does not say what time it has, so the registry's clock is used instead.
 */
export function judgeClock(
  reading: ClockReading | MissingReading,
  aheadMaxMs: number | undefined,
): Finding {
  if ('failure' in reading) {
    const action = 'Compare the clocks of this machine and of the brokers yourself: date -u'
    return skipped('clock', `not compared: ${reading.failure}`, action)
  }
  const { beforeMs, dateMs, afterMs } = reading
  const behindMs = dateMs - afterMs
  const aheadMs = beforeMs - (dateMs + HEADER_STEP_MS)
  const skewMs = Math.max(behindMs, aheadMs, 0)
  if (skewMs <= SKEW_MS_MAX) return ok('clock', 'agrees with that of the registry')
  const direction = behindMs > 0 ? 'behind' : 'ahead of'
  const detail = `${seconds(skewMs)} ${direction} that of the registry`
  if (aheadMaxMs === undefined || aheadMs <= aheadMaxMs) return warning('clock', detail, ACTION)
  const limit = `the topic takes no event that is dated more than ${seconds(aheadMaxMs)} ahead of its broker (message.timestamp.after.max.ms)`
  return problem('clock', `${detail}; ${limit}`, ACTION)
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}
