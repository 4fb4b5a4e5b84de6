import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { orderSchemaText } from '../../src/service/schema-registry/order-codec.ts'
import {
  deadLettersOf,
  readEffects,
  startApplyEvents,
  type ApplyEventsProcess,
} from '../support/apply-events-process.ts'
import { infrastructure } from '../support/infrastructure.ts'
import { createPlanter, eventRecord } from '../support/plant-records.ts'
import { readTopic } from '../support/read-topic.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'

/** examples/typescript while its processes die, fail and share the work. */

test('the TypeScript example counts every event once however often it is killed', async (t) => {
  const ORDERS = 100
  const STATUSES = ['pending', 'confirmed', 'shipped', 'delivered'] as const
  const KILL_AFTER_LINES = [1, 20, 100]
  const planter = createPlanter(t)
  const topic = await planter.createTopic(2)
  const schemaId = await planter.register(`${topic}-value`, orderSchemaText)
  const database = `${await temporaryFolder(t)}/orders.db`
  await planter.plant(
    topic,
    STATUSES.flatMap((status, index) =>
      Array.from({ length: ORDERS }, (_, order) => ({
        ...eventRecord(schemaId, `ORD-${order}`, index + 1, status),
        partition: order % 2,
      })),
    ),
  )
  const isDone = (): boolean => readEffects(database).counts['delivered'] === ORDERS
  for (const lineCount of KILL_AFTER_LINES) {
    const killed = startApplyEvents(t, { topic, database, group: topic })
    await until(
      () => killed.lines.length >= lineCount || isDone(),
      () => `${lineCount} lines are printed, got:\n${killed.lines.join('\n')}`,
    )
    await killed.end('SIGKILL')
    await planter.removeMembers(topic)
  }
  const last = startApplyEvents(t, { topic, database, group: topic })
  await until(isDone, () => `all is applied, got:\n${last.lines.join('\n')}`)
  assert.equal(await last.end('SIGINT'), 0)
  assert.deepEqual(
    readEffects(database).counts,
    Object.fromEntries(STATUSES.map((status) => [status, ORDERS])),
  )
})

test('the TypeScript example knows an event only when its work is done', async (t) => {
  const planter = createPlanter(t)
  const topic = await planter.createTopic()
  const schemaId = await planter.register(`${topic}-value`, orderSchemaText)
  const database = `${await temporaryFolder(t)}/orders.db`
  const run = (): ApplyEventsProcess => startApplyEvents(t, { topic, database, group: topic })
  await planter.plant(topic, [eventRecord(schemaId, 'A', 1)])
  const first = run()
  await first.printed(1)
  assert.equal(await first.end('SIGTERM'), 0)

  using db = new DatabaseSync(database)
  db.exec(`CREATE TRIGGER fault BEFORE INSERT ON status_counts WHEN NEW.status = 'shipped'
    BEGIN SELECT RAISE(ABORT, 'the last statement of the work fails'); END`)
  await planter.plant(topic, [eventRecord(schemaId, 'A', 2, 'shipped')])
  const failing = run()
  assert.equal(await failing.exited, 1)
  assert.deepEqual(failing.lines, [])
  assert.deepEqual(readEffects(database), { orders: ['A: 1, pending'], counts: { pending: 1 } })
  const letters = await readTopic(infrastructure().kafkaBootstrapServers, deadLettersOf(topic))
  assert.deepEqual(letters, [])

  db.exec('DROP TRIGGER fault')
  const last = run()
  await last.printed(1)
  assert.equal(await last.end('SIGTERM'), 0)
  assert.deepEqual(last.lines, ['0:1 applied A version 2'])
})

test('two processes of the TypeScript example share a group and a database', async (t) => {
  const planter = createPlanter(t)
  const topic = await planter.createTopic(2)
  const schemaId = await planter.register(`${topic}-value`, orderSchemaText)
  const database = `${await temporaryFolder(t)}/orders.db`
  const run = (): ApplyEventsProcess => startApplyEvents(t, { topic, database, group: topic })
  let orderCount = 0
  const plantInBoth = async (): Promise<void> => {
    const records = [0, 1].flatMap((partition) => [
      { ...eventRecord(schemaId, `ORD-${orderCount + partition}`, 1), partition },
      { ...eventRecord(schemaId, `ORD-${orderCount + partition}`, 2, 'shipped'), partition },
    ])
    await planter.plant(topic, records)
    orderCount += 2
  }
  const untilAllIsApplied = (): Promise<void> =>
    until(
      () => readEffects(database).counts['shipped'] === orderCount,
      () =>
        `${orderCount} orders are shipped, got: ${JSON.stringify(readEffects(database).counts)}`,
    )
  const untilItReads = (example: ApplyEventsProcess, partitionCount: number): Promise<void> => {
    const start = example.lines.length
    const places = (): Set<string | undefined> =>
      new Set(example.lines.slice(start).map((line) => line.split(':')[0]))
    return until(
      async () => {
        await plantInBoth()
        return places().size >= partitionCount
      },
      () => `it reads ${partitionCount} partitions, got:\n${example.lines.join('\n')}`,
    )
  }

  const one = run()
  await untilItReads(one, 2)
  const other = run()
  await untilItReads(other, 1)
  await untilAllIsApplied()
  assert.equal(await other.end('SIGTERM'), 0)
  await untilItReads(one, 2)
  await untilAllIsApplied()
  assert.equal(await one.end('SIGTERM'), 0)
  assert.deepEqual(readEffects(database).counts, { pending: orderCount, shipped: orderCount })
})
