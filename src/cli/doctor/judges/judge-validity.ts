import { ok, problem, warning, type Finding } from './finding.ts'

const MS_PER_DAY = 86_400_000

/** Long enough to have a certificate signed. */
const WARN_BEFORE_DAYS = 14

/** Something with an end: a certificate or a token. */
export interface Validity {
  readonly check: string
  /** "the certificate of KAFKA_SSL_CERTIFICATE_LOCATION" */
  readonly what: string
  readonly fromMs: number
  readonly untilMs: number
  /** Short-lived ones are kept fresh by somebody; their end is no news. */
  readonly isShortLived?: boolean
}

export function judgeValidity(
  { check, what, fromMs, untilMs, isShortLived = false }: Validity,
  nowMs: number,
): Finding {
  const until = new Date(untilMs).toISOString()
  if (nowMs >= untilMs) return problem(check, `${what} ended ${until}`, 'Replace it.')
  if (nowMs < fromMs) {
    const from = new Date(fromMs).toISOString()
    return problem(check, `${what} is valid from ${from} on`, "Correct this machine's clock.")
  }
  const days = Math.floor((untilMs - nowMs) / MS_PER_DAY)
  if (!isShortLived && days < WARN_BEFORE_DAYS) {
    return warning(check, `${what} ends ${until}, in ${days} days`, 'Replace it in time.')
  }
  return ok(check, `${what} is valid until ${until}`)
}
