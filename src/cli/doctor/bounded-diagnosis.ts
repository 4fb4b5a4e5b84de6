import { systemClock } from '../../service/system.ts'
import { describe, type Diagnosis } from './diagnosis.ts'
import { notExamined, problem } from './judges/finding.ts'

/** No check takes longer, whatever it meets. */
export const CHECK_TIMEOUT_MS = 12_000

export interface Check {
  readonly name: string
  /** What to do where it has no result. */
  readonly action: string
  /** The checks that have none then either. */
  readonly parts?: readonly string[]
}

/** A check that hangs or fails unforeseen is a finding as well, and so is each that it would have made. */
export async function bounded(
  { name, action, parts = [] }: Check,
  diagnosis: Promise<Diagnosis>,
  clock: Pick<typeof systemClock, 'sleep'> = systemClock,
): Promise<Diagnosis> {
  const failed = (detail: string): Diagnosis => ({
    findings: [problem(name, detail, action), ...parts.map((part) => notExamined(part, name))],
  })
  const over = new AbortController()
  const late = clock
    .sleep(CHECK_TIMEOUT_MS, over.signal)
    .then(() => failed(`no result within ${CHECK_TIMEOUT_MS} ms`))
  try {
    return await Promise.race([diagnosis, late])
  } catch (error) {
    return failed(describe(error))
  } finally {
    over.abort()
  }
}
