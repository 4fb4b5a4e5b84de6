import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { test, type TestContext } from 'node:test'
import { runCart as cart } from '../support/cart-command.ts'
import { freshSettings, startOwnService } from '../support/own-service.ts'
import { createPlanter } from '../support/plant-records.ts'
import { readTopic } from '../support/read-topic.ts'
import type { ServiceProcess } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { setTopicSetting } from '../support/topic-setting.ts'
import { until } from '../support/until.ts'

/** Erasing whose an order was, from the command to what store, topic and tools say afterwards. */

const JANE = 'Jane Doe'

/** However often a busy machine answers 503. */
async function send(service: ServiceProcess, method: 'POST' | 'PUT', body: object): Promise<void> {
  const path = method === 'POST' ? 'create-order' : 'update-order'
  const headers = { 'content-type': 'application/json' }
  await until(async () => {
    const request = { method, headers, body: JSON.stringify(body) }
    const { status } = await fetch(`${service.url}/api/${path}`, request)
    return status < 300 || status === 409
  }, 'the change is carried out')
}

async function startWithOrders(t: TestContext, cleanupPolicy: string) {
  const path = `${await temporaryFolder(t)}/cart.db`
  const settings = freshSettings(`sqlite:${path}`)
  const service = await startOwnService(t, settings)
  const [servers, topic] = [settings.KAFKA_BOOTSTRAP_SERVERS, settings.KAFKA_TOPIC]
  await setTopicSetting(servers, topic, 'cleanup.policy', cleanupPolicy)
  for (const [orderId, customerId] of [
    ['ORD-1', JANE],
    ['ORD-2', JANE],
    ['ORD-3', 'CUST-1'],
  ]) {
    await send(service, 'POST', { orderId, customerId, numItems: 1 })
  }
  await send(service, 'PUT', { orderId: 'ORD-1', status: 'delivered' })
  return { path, settings, service, records: () => readTopic(servers, topic) }
}

test('the closed orders of a customer are erased, on a compacted topic with tombstones', async (t) => {
  const { path, settings, service, records } = await startWithOrders(t, 'compact')
  const url = ['--url', service.url]
  const some = await cart(['erase', '--customer', JANE, ...url], settings)
  assert.equal(some.code, 1, some.stderr)
  assert.match(
    some.stdout,
    /^Order ORD-1 is erased by its version 3; a tombstone is on the topic$/m,
  )
  assert.match(some.stdout, /^Order ORD-2 .*409 ORDER_STILL_OPEN/m)
  await send(service, 'PUT', { orderId: 'ORD-2', status: 'cancelled' })
  assert.equal((await cart(['erase', '--customer', JANE, ...url], settings)).code, 0)
  // Once more is no harm: another tombstone, and no event.
  const again = await cart(['erase', 'ORD-1', '--json', ...url], settings)
  assert.deepEqual(JSON.parse(again.stdout), {
    erasures: [{ kind: 'erased', orderId: 'ORD-1', version: 3, tombstone: 'written' }],
  })

  const ofOrder = (await records()).filter(({ key }) => key === 'ORD-1')
  assert.deepEqual(
    ofOrder.map(({ headers, record }) => [
      headers['ce_type'],
      headers['ce_sequence'],
      record.value?.includes(JANE),
    ]),
    [
      ['com.ecommerce.order.created', '0000000001', true],
      ['com.ecommerce.order.status-changed', '0000000002', true],
      ['com.ecommerce.order.status-changed', '0000000003', false],
      ['com.ecommerce.order.erased', undefined, undefined],
      ['com.ecommerce.order.erased', undefined, undefined],
    ],
  )
  const [found, list] = await Promise.all(
    ['ORD-1', `?customerId=${encodeURIComponent(JANE)}`].map(async (rest) => {
      const answer = await fetch(
        `${service.url}/api/orders${rest.startsWith('?') ? '' : '/'}${rest}`,
      )
      return (await answer.json()) as { data: { customerId?: string } }
    }),
  )
  assert.equal(found?.data.customerId, '')
  assert.deepEqual(list?.data, [])
  const listed = await cart(['listen', '--from-beginning', '--exit-at-end'], settings)
  assert.match(listed.stdout, /ORD-1 .*erased +tombstone/, listed.stdout)
  const copied = await cart(
    ['replay', '--to-topic', await createPlanter(t).createTopic(1), '--dry-run'],
    settings,
  )
  // Without the bytes of what was erased: two last events, and the order of another customer.
  assert.match(copied.stdout, /^3 events would be copied/, copied.stderr)

  assert.equal((await service.end('SIGTERM')).code, 0, service.output())
  const agreeing =
    /^Topic and store agree: 10 events .*, 4 whose customer was erased since, 3 tombstones/
  assert.match((await cart(['audit'], settings)).stdout, agreeing)
  for (const suffix of ['', '-wal', '-shm']) await rm(path + suffix, { force: true })
  const rebuilt = await cart(['rebuild'], settings)
  assert.match(rebuilt.stdout, /The store is complete/, rebuilt.stdout + rebuilt.stderr)
  assert.match((await cart(['audit'], settings)).stdout, agreeing)
  const anew = await startOwnService(t, settings)
  const answer = await fetch(`${anew.url}/api/orders?customerId=${encodeURIComponent(JANE)}`)
  assert.deepEqual(((await answer.json()) as { data: unknown[] }).data, [])
})

test('a topic that is not compacted gets the last event and no tombstone', async (t) => {
  const { settings, service, records } = await startWithOrders(t, 'delete')
  const erased = await cart(['erase', 'ORD-1', '--url', service.url], settings)
  assert.equal(erased.code, 0, erased.stderr)
  assert.match(erased.stdout, /by its version 3; the topic is not compacted/)
  assert.ok((await records()).every(({ record }) => record.value !== null))
})

test('after a change of KAFKA_TOPIC tombstones are written to the present topic alone', async (t) => {
  const { settings, service } = await startWithOrders(t, 'compact')
  await send(service, 'PUT', { orderId: 'ORD-2', status: 'cancelled' })
  const before = await cart(['erase', 'ORD-2', '--url', service.url], settings)
  assert.match(before.stdout, /; a tombstone is on the topic$/m, before.stderr)
  assert.equal((await service.end('SIGTERM')).code, 0, service.output())
  const topic = freshSettings().KAFKA_TOPIC
  const moved = { ...settings, KAFKA_TOPIC: topic, KAFKA_TOPIC_PARTITIONS: '1' }
  const anew = await startOwnService(t, moved)
  await setTopicSetting(settings.KAFKA_BOOTSTRAP_SERVERS, topic, 'cleanup.policy', 'compact')
  const erased = await cart(['erase', 'ORD-1', '--url', anew.url], moved)
  assert.match(erased.stdout, /by its version 3; a tombstone is on the topic$/m, erased.stderr)
  const again = await cart(['erase', 'ORD-2', '--url', anew.url], moved)
  assert.match(
    again.stdout,
    /; no tombstone was written, because the store knows of no record of it on this topic$/m,
  )
  const records = await readTopic(settings.KAFKA_BOOTSTRAP_SERVERS, topic)
  assert.deepEqual(
    records.map(({ key, record }) => [key, record.value === null]),
    [
      ['ORD-1', false],
      ['ORD-1', true],
    ],
  )
})
