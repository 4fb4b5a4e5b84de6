import { ok, skipped, warning, type Finding } from './finding.ts'

/** Whether others use keys in the wire format, by one place that was looked at. */
export interface KeyEvidence {
  /** A clause that says what was found. */
  readonly found?: string | undefined
  /** Why it could not be looked at. */
  readonly failure?: string
  /** What was looked at, where that is not all: "the first and the last record of each of 3 partitions". */
  readonly sample?: string
}

/** Consumers of framed keys skip a record whose key is plain, and look healthy. */
export function judgeKeys(format: 'string' | 'avro', evidence: readonly KeyEvidence[]): Finding {
  const check = 'key format'
  if (format === 'avro') return ok(check, 'avro')
  const found = evidence.flatMap((one) => one.found ?? [])
  if (found.length > 0) {
    const detail = `string, and ${found.join(', and ')}: consumers that expect Avro keys skip every event`
    const action =
      'If such consumers read the topic, set KAFKA_KEY_FORMAT=avro: docs/how-to/take-over.md.'
    return warning(check, detail, action)
  }
  const failures = evidence.flatMap(({ failure }) => failure ?? [])
  if (failures.length === 0) {
    const samples = evidence.flatMap(({ sample }) => sample ?? [])
    const where = samples.length === 0 ? '' : ` in what was looked at: ${samples.join(', and ')}`
    return ok(check, `string, and there is no Avro key${where}`)
  }
  const detail = `string; whether others use Avro keys is not known: ${failures.join(', and ')}`
  return skipped(check, detail, 'Mend that first, then ask again.')
}
