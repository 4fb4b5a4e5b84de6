import { createCluster, openImport } from '../../compose-clients.ts'
import type { Config } from '../../config/config.ts'
import { readImportedEvent } from '../../service/imported-event.ts'
import { readTopicMarks } from '../../service/kafka/topic-marks.ts'
import { readRangesOf, type PlacedRecord } from '../../service/kafka/topic-ranges.ts'
import { MEMORY_PATH } from '../../service/storage/sqlite/connection.ts'
import type {
  ImportReport,
  ImportedEvent,
  StoreImport,
} from '../../service/storage/store-import.ts'
import { systemClock } from '../../service/system.ts'
import { findLosses, findMismatch, type Loss } from './judge.ts'
import type { BackupMarks } from './marks.ts'

/** Bounds what is in memory at once, and one statement. */
const STAGED_EVENTS_MAX = 500

/** Named in a report. */
const UNREADABLE_MAX = 50

export interface RebuildOptions {
  /** Of the backup that the store was restored from. */
  readonly marks: BackupMarks | undefined
  /** Complete it although events are gone from the topic that the store does not have. */
  readonly acceptsLoss: boolean
  /** Find out and change nothing. */
  readonly isRehearsal: boolean
  readonly onProgress: (read: number, total: number) => void
}

export interface UnreadableEvent {
  readonly partition: number
  readonly offset: number
  /** Follows on "it". */
  readonly reason: string
}

export interface RebuildReport extends ImportReport {
  readonly recordCount: number
  /** Of other producers. */
  readonly foreignCount: number
  readonly unreadable: readonly UnreadableEvent[]
  readonly losses: readonly Loss[]
  /** The backup is of another topic. */
  readonly mismatch: string | undefined
  /** False: nothing was changed. */
  readonly isComplete: boolean
}

/** Completes the store from the topic, all or nothing. */
export async function runRebuild(config: Config, options: RebuildOptions): Promise<RebuildReport> {
  const { database, kafkaTopic: topic } = config
  if (database.kind === 'sqlite' && database.path === MEMORY_PATH) {
    throw new Error('A database in memory is gone with its process: there is nothing to rebuild')
  }
  const { marks, acceptsLoss, isRehearsal, onProgress } = options
  const cluster = createCluster(config)
  await using store = await openImport(config)
  // By now no service writes.
  const now = await readTopicMarks({ cluster, clock: systemClock })
  const mismatch = marks && findMismatch(marks, now)
  const losses = findLosses(now.ranges, await store.settledEnds(topic), marks)
  const total = now.ranges.reduce((sum, { first, end }) => sum + end - first, 0)
  const staging = new Staging(store, topic, (read) => onProgress(read, total))
  await readRangesOf(
    { cluster, clock: systemClock },
    now.ranges,
    (record) => staging.add(record),
    ({ partition, firstOffset, reason }) =>
      staging.addUnreadable({ partition, offset: firstOffset, reason }),
  )
  await staging.flush()
  const endSum = now.ranges.reduce((sum, { end }) => sum + end, 0)
  const report = await store.complete({ isRestored: marks !== undefined, endSum })
  const { recordCount, foreignCount, unreadable } = staging
  const isComplete =
    mismatch === undefined &&
    (losses.length === 0 || acceptsLoss) &&
    unreadable.length === 0 &&
    report.conflictCount === 0
  if (isComplete && !isRehearsal) await store.commit()
  return { ...report, recordCount, foreignCount, unreadable, losses, mismatch, isComplete }
}

class Staging {
  recordCount = 0
  foreignCount = 0
  readonly unreadable: UnreadableEvent[] = []
  readonly #store: StoreImport
  readonly #topic: string
  readonly #onRead: (read: number) => void
  #waiting: ImportedEvent[] = []

  constructor(store: StoreImport, topic: string, onRead: (read: number) => void) {
    this.#store = store
    this.#topic = topic
    this.#onRead = onRead
  }

  async add(record: PlacedRecord): Promise<void> {
    this.#onRead((this.recordCount += 1))
    const read = readImportedEvent(this.#topic, record)
    if (read.kind === 'foreign') this.foreignCount += 1
    else if (read.kind === 'tombstone') await this.#store.stageTombstones([read.orderId])
    else if (read.kind === 'unreadable') this.addUnreadable({ ...record, reason: read.reason })
    else if (this.#waiting.push(read.event) === STAGED_EVENTS_MAX) await this.flush()
  }

  addUnreadable({ partition, offset, reason }: UnreadableEvent): void {
    if (this.unreadable.length < UNREADABLE_MAX) this.unreadable.push({ partition, offset, reason })
  }

  async flush(): Promise<void> {
    const events = this.#waiting
    this.#waiting = []
    if (events.length > 0) await this.#store.stage(events)
  }
}
