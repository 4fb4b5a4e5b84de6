import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { findFreePort } from '../../dev-services/ports.ts'
import { infrastructure } from './infrastructure.ts'
import { startOrderLoad, type JournalEntry } from './order-load.ts'
import { readTopic } from './read-topic.ts'
import { startService, type ServiceProcess } from './service-process.ts'
import { assertTruth } from './truth.ts'
import { until } from './until.ts'

/** So many confirmations mean that the load runs well: before a fault, and again after it. */
const CONFIRMED_TO_GO_ON = 300

/** The whole service as a process, on a topic and a file of its own, under load. */
export interface CartUnderLoad {
  readonly journal: readonly JournalEntry[]
  /** Resolves when the load has been answered "done" many times more. */
  runWell(): Promise<void>
  /** Resolves when the store holds pending events. */
  untilPending(): Promise<void>
  /** Kills the service without warning. */
  kill(): Promise<void>
  /** Starts it again on the same port and file. */
  restart(): Promise<void>
  /** Ends the load, waits until nothing is pending, and compares replies, topic and store. */
  stopAndAssertTruth(): Promise<void>
  /** Removes everything, also after a failure. */
  close(): Promise<void>
}

export async function startCartUnderLoad(bootstrapServers: string): Promise<CartUnderLoad> {
  const dir = await mkdtemp(join(tmpdir(), 'cart-service-load-'))
  const databasePath = join(dir, 'cart.db')
  const topic = `orders-${randomUUID()}`
  const settings = {
    API_PORT: String(await findFreePort()),
    KAFKA_BOOTSTRAP_SERVERS: bootstrapServers,
    SCHEMA_REGISTRY_URL: infrastructure().schemaRegistryUrl,
    KAFKA_TOPIC: topic,
    DATABASE_URL: `sqlite:${databasePath}`,
  }
  let service: ServiceProcess = await startService(settings)
  const load = startOrderLoad(service.url)

  return {
    journal: load.journal,
    async runWell() {
      const enough = load.confirmedCount() + CONFIRMED_TO_GO_ON
      await until(
        () => load.confirmedCount() >= enough,
        () =>
          `${CONFIRMED_TO_GO_ON} more changes are confirmed; the service wrote:\n${service.output()}`,
      )
    },
    async untilPending() {
      await until(() => countPending(databasePath) > 0, 'events are pending')
    },
    async kill() {
      await service.end('SIGKILL')
    },
    async restart() {
      service = await startService(settings)
    },
    async stopAndAssertTruth() {
      await load.stop()
      await until(
        () => countPending(databasePath) === 0,
        () => `nothing is pending; the service wrote:\n${service.output()}`,
      )
      const { code } = await service.end('SIGTERM')
      assert.equal(code, 0, service.output())
      assertTruth(load.journal, await readTopic(bootstrapServers, topic), databasePath)
    },
    async close() {
      await load.stop()
      await service.end('SIGKILL')
      await rm(dir, { recursive: true, force: true })
    },
  }
}

function countPending(databasePath: string): number {
  using database = new DatabaseSync(databasePath, { readOnly: true })
  const row = database
    .prepare('SELECT count(*) AS count FROM order_events WHERE topic_offset IS NULL')
    .get()
  return Number(row?.['count'])
}
