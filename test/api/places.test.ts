import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { test } from 'node:test'
import { READS_AT_WORK_MAX } from '../../src/api/admission/admit-work.ts'
import { LIST_TAKEN_MS_MAX, LISTS_AT_WORK_MAX } from '../../src/api/admission/list-places.ts'
import type { SettledOrder } from '../../src/business/ports.ts'
import type { OrderId } from '../../src/models/order.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { until } from '../support/until.ts'
import { countedPlaces } from './counted-places.ts'
import { createFakeCommands, createFakeQueries, orderOf } from './harness.ts'
import { createText, getText, startRawServer, type RawServer } from './raw-client.ts'

/** More of a question than has places, from clients that do not wait for their answers. */
async function askAndLeave(
  { open, connectionCount }: RawServer,
  request: string,
  clientCount: number,
): Promise<void> {
  const clients = await Promise.all(Array.from({ length: clientCount }, open))
  for (const client of clients) client.send(request)
  await until(async () => (await connectionCount()) === clientCount, 'all are there')
  const live = await open()
  live.send(getText('/health/live'))
  await live.answers(1)
  for (const client of [...clients, live]) client.socket.resetAndDestroy()
  await until(async () => (await connectionCount()) === 0, 'all have left')
}

test('clients that leave do not get more lists asked of the store than have places', async (t) => {
  let atWork = 0
  const release: Array<() => void> = []
  const queries = createFakeQueries({
    async listOrders() {
      atWork += 1
      await new Promise<void>((resolve) => release.push(resolve))
      atWork -= 1
      return []
    },
  })
  const server = await startRawServer(t, { queries })
  for (let round = 0; round < 3; round += 1) {
    await askAndLeave(server, getText('/api/orders?limit=1'), LISTS_AT_WORK_MAX)
    assert.equal(atWork, LISTS_AT_WORK_MAX)
  }
  const client = await server.open()
  client.send(getText('/api/orders?limit=1'))
  for (const one of release.splice(0)) one()
  await until(() => atWork === 1, 'the next one has a place')
  for (const one of release.splice(0)) one()
  assert.deepEqual(await client.answers(1), [200])
})

test('clients that leave do not get more reads asked of the store than have places', async (t) => {
  const released = Promise.withResolvers<void>()
  let asked = 0
  const queries = createFakeQueries({
    async getOrder(orderId: OrderId) {
      asked += 1
      await released.promise
      return { order: orderOf(orderId, 1), version: 1 }
    },
  })
  const server = await startRawServer(t, { queries })
  for (let round = 0; round < 2; round += 1) {
    await askAndLeave(server, getText('/api/orders/ORD-1').repeat(8), READS_AT_WORK_MAX / 8)
    assert.equal(asked, READS_AT_WORK_MAX)
  }
  released.resolve()
  await setImmediate()
  const client = await server.open()
  client.send(getText('/api/orders/ORD-1'))
  assert.deepEqual(await client.answers(1), [200])
})

test('a change is begun when its body is here, and is turned away when there is no place any more', async (t) => {
  const changes = countedPlaces(1)
  const commands = createFakeCommands()
  const { open } = await startRawServer(t, { changes, commands })
  const [late, honest] = [await open(), await open()]
  const create = createText('LATE')
  late.send(create.slice(0, -5))
  await until(() => changes.taken() === 1, 'its head is here')
  assert.equal(changes.begun(), 0)
  honest.send(createText('HONEST'))
  assert.deepEqual(await honest.answers(1), [201])
  late.send(create.slice(-5) + getText('/health/live'))
  assert.deepEqual(await late.answers(2), [503, 200])
  assert.match(late.text(), /"code":"SERVICE_FULL".*"outcome":"not-applied"/)
  await until(() => changes.left() === 2, 'both are left')
  assert.deepEqual(
    commands.created.map(({ orderId }) => orderId),
    ['HONEST'],
  )
})

const CHECK_MS = 1_000

/** What is taken between two checks: so much that the rule of clients that take nothing does not apply. */
const TAKEN_BYTES = 256 * 1024

/** More than is taken so in its time. */
const LARGE_PAGE: readonly SettledOrder[] = Array.from({ length: 200 }, (_, index) => ({
  order: orderOf(`ORD-${index}` as OrderId, 2_500),
  version: 1,
}))

test('a client that takes a list a little at a time keeps its place for no longer than it may', async (t) => {
  const clock = new ManualClock()
  const queries = createFakeQueries({ listOrders: () => Promise.resolve(LARGE_PAGE) })
  const { open } = await startRawServer(t, { queries, clock })
  const slow = await open()
  let wanted = 0
  let isEnded = false
  slow.socket.pause()
  slow.socket.on('close', () => (isEnded = true))
  slow.socket.on('data', (chunk: Buffer) => {
    wanted -= chunk.length
    if (wanted <= 0) slow.socket.pause()
  })
  slow.send(getText('/api/orders?limit=200'))
  const checksMax = LIST_TAKEN_MS_MAX / CHECK_MS
  for (let checks = 0; checks < checksMax; checks += 1) {
    wanted = TAKEN_BYTES
    slow.socket.resume()
    await until(() => wanted <= 0, `a part is taken after ${checks} checks`, 10_000)
    clock.advance(CHECK_MS)
  }
  wanted = Infinity
  slow.socket.resume()
  await until(() => isEnded, 'the connection is ended', 10_000)
})
