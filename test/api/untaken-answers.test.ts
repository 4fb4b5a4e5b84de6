import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LOOK_EVERY_MS } from '../../src/api/admission/untaken-answers.ts'
import type { Order, OrderId } from '../../src/models/order.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { until } from '../support/until.ts'
import { countedPlaces } from './counted-places.ts'
import { changedOrder, createFakeCommands, createFakeQueries, orderOf } from './harness.ts'
import { createText, getText, startRawServer } from './raw-client.ts'

/** More than the buffers of a connection take. */
const LARGE_ITEMS = 20_000

for (const before of ['', getText('/api/orders/LARGE')]) {
  const behind = before === '' ? '' : ', or the one before it,'
  test(`a client that does not take the answer to its change${behind} gives its place to others that need it`, async (t) => {
    const clock = new ManualClock()
    let atWork = 0
    const changes = {
      ...countedPlaces(),
      isFull: () => atWork > 0,
      enter: () => atWork === 0 && (atWork += 1) > 0,
      leave: () => void (atWork -= 1),
    }
    const order = orderOf('ORD-1' as OrderId, 1)
    const item = { ...order.items[0], itemId: 'é'.repeat(255) }
    const large = { ...order, items: Array.from({ length: LARGE_ITEMS }, () => item) } as Order
    const commands = createFakeCommands()
    commands.createOrder = ({ orderId }) =>
      Promise.resolve(changedOrder(orderId === 'LARGE' ? large : order))
    const queries = createFakeQueries({ getOrder: async () => ({ order: large, version: 1 }) })
    const { open } = await startRawServer(t, { changes, commands, queries, clock })
    const [slow, honest] = [await open(), await open()]
    let isEnded = false
    slow.socket.on('close', () => (isEnded = true))
    slow.socket.pause()
    slow.send(before + createText(before === '' ? 'LARGE' : 'ORD-1'))
    await until(() => atWork === 1, 'the slow client has the place')
    const create = async (count: number): Promise<number | undefined> => {
      honest.send(createText('HONEST'))
      return (await honest.answers(count)).at(-1)
    }
    assert.equal(await create(1), 503)
    clock.advance(LOOK_EVERY_MS)
    assert.equal(await create(2), 503)
    await until(() => atWork === 0, 'the place is free')
    assert.equal(await create(3), 201)
    slow.socket.resume()
    await until(() => isEnded, 'the slow connection is ended')
  })
}
