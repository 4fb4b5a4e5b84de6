import { createHash } from 'node:crypto'
import { createCluster, readStoredEvents } from '../../compose-clients.ts'
import type { Config } from '../../config/config.ts'
import { MEMORY_PATH } from '../../service/storage/sqlite/connection.ts'
import { Audit, type AuditReport } from './judge.ts'
import { readRanges, readRecords } from './read-topic.ts'

const NEVER = new AbortController().signal

/** So much of a SHA-256 tells values apart, and those of a million events fit in memory. */
const DIGEST_BYTES = 16

function digestOf(value: Uint8Array): string {
  return createHash('sha256').update(value).digest().subarray(0, DIGEST_BYTES).toString('base64')
}

/** Compares the topic with the store. `onProgress` hears how many records of how many were read. */
export async function runAudit(
  config: Config,
  onProgress: (read: number, total: number) => void,
): Promise<AuditReport> {
  const { database } = config
  if (database.kind === 'sqlite' && database.path === MEMORY_PATH) {
    throw new Error('A database in memory is seen by its process alone')
  }
  const cluster = createCluster(config)
  // In this order: what is on the topic by now is in the store by then.
  const ranges = await readRanges(cluster)
  const audit = new Audit(ranges, digestOf)
  for await (const event of readStoredEvents(config)) audit.addStored(event)
  const total = ranges.reduce((sum, { first, end }) => sum + end - first, 0)
  let read = 0
  await readRecords(cluster, ranges, audit, () => onProgress((read += 1), total), NEVER)
  return audit.report()
}
