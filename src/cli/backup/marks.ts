import { readFileSync, writeFileSync } from 'node:fs'
import type { TopicMarks } from '../../service/kafka/topic-marks.ts'

/**
 * A backup belongs to what the topic held when it was made. The marks are taken first: all events below
 * their ends are in a store that is read later.
 */
export interface BackupMarks extends TopicMarks {
  readonly format: 1
  /** ISO 8601, UTC. */
  readonly madeAt: string
}

/** Orders are nobody's business but the service's. */
const OWN_FILE = 0o600

export function marksFileOf(backup: string): string {
  return `${backup}.marks.json`
}

/** Throws where the file exists. */
export function writeMarks(file: string, marks: TopicMarks, madeAt: Date): void {
  const written: BackupMarks = { format: 1, madeAt: madeAt.toISOString(), ...marks }
  writeFileSync(file, `${JSON.stringify(written, undefined, 2)}\n`, { mode: OWN_FILE, flag: 'wx' })
}

/** Throws a sentence where the file is none of {@link writeMarks}. */
export function readMarks(file: string): BackupMarks {
  const text = readFileSync(file, 'utf8')
  try {
    const marks = JSON.parse(text) as BackupMarks
    if (marks.format === 1 && Array.isArray(marks.ranges)) return marks
  } catch {
    // Said below.
  }
  throw new Error(`${file} is not a file of marks that \`cart backup\` has written`)
}
