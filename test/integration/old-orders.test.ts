import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { test, type TestContext } from 'node:test'
import { runCart as cart } from '../support/cart-command.ts'
import { freshSettings, startOwnService, type Settings } from '../support/own-service.ts'
import { createPlanter } from '../support/plant-records.ts'
import { createTestSchema } from '../support/postgres-schema.ts'
import { readTopic } from '../support/read-topic.ts'
import type { ServiceProcess } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'

/** What becomes of events later: orders that are retired, and copies on another topic. */

const CLOSED = ['ORD-closed-1', 'ORD-closed-2']
const OPEN = 'ORD-open'

/** Once, however often a busy machine answers 503. */
async function send(service: ServiceProcess, method: 'POST' | 'PUT', body: object) {
  const path = method === 'POST' ? 'create-order' : 'update-order'
  const headers = { 'content-type': 'application/json', 'idempotency-key': randomUUID() }
  let told: { readonly status: number; readonly code: string | undefined } | undefined
  await until(async () => {
    const request = { method, headers, body: JSON.stringify(body) }
    const answer = await fetch(`${service.url}/api/${path}`, request)
    told = { status: answer.status, code: ((await answer.json()) as { code?: string }).code }
    return told.status !== 503
  }, 'the change is answered')
  return told ?? assert.fail()
}

async function fill(service: ServiceProcess): Promise<void> {
  for (const orderId of CLOSED) {
    assert.equal((await send(service, 'POST', { orderId, numItems: 2 })).status, 201)
    assert.equal((await send(service, 'PUT', { orderId, status: 'delivered' })).status, 200)
  }
  assert.equal((await send(service, 'POST', { orderId: OPEN, numItems: 2 })).status, 201)
}

async function retireAndGoOn(t: TestContext, settings: Settings): Promise<void> {
  const service = await startOwnService(t, settings)
  await fill(service)
  const file = `${await temporaryFolder(t)}/orders.ndjson`
  const unsaid = await cart(['retire', `${file}.none`], settings)
  assert.match(unsaid.stderr, /^Say --older-than, or set RETIRE_AFTER_DAYS/)
  const nothing = await cart(['retire', `${file}.none`], { ...settings, RETIRE_AFTER_DAYS: '1' })
  assert.match(nothing.stdout, /^0 events .* 0 orders were taken out/, nothing.stderr)
  // Beside the service that uses the store.
  const retired = await cart(['retire', '--older-than', '0s', '--json', file], settings)
  assert.deepEqual(JSON.parse(retired.stdout), {
    retiredCount: 2,
    exportedEventCount: 4,
    changedCount: 0,
  })
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n')
  const exported = lines.map((line) => JSON.parse(line) as { eventId: string; value: string })
  const onTopic = await readTopic(
    settings['KAFKA_BOOTSTRAP_SERVERS'] ?? '',
    settings['KAFKA_TOPIC'] ?? '',
  )
  for (const { eventId, value } of exported) {
    const record = onTopic.find(({ headers }) => headers['ce_id'] === eventId)
    assert.equal(record?.value.toString('base64'), value)
  }

  const [orderId = ''] = CLOSED
  assert.equal((await fetch(`${service.url}/api/orders/${orderId}`)).status, 404)
  assert.equal((await send(service, 'PUT', { orderId, status: 'shipped' })).code, 'ORDER_NOT_FOUND')
  const again = await send(service, 'POST', { orderId, numItems: 1 })
  assert.deepEqual(again, { status: 409, code: 'ORDER_ALREADY_EXISTS' })
  assert.equal((await send(service, 'PUT', { orderId: OPEN, status: 'shipped' })).status, 200)
  const list = await fetch(`${service.url}/api/orders`)
  assert.equal(((await list.json()) as { data: unknown[] }).data.length, 1)
  assert.equal((await service.end('SIGTERM')).code, 0, service.output())

  const audit = await cart(['audit'], settings)
  assert.match(audit.stdout, /^Topic and store agree: 6 events .*, 2 in the store, .*4 of retired/)
  const rebuild = await cart(['rebuild'], settings)
  assert.match(rebuild.stdout, /Nothing was to be done/, rebuild.stdout + rebuild.stderr)
  await startOwnService(t, settings)
}

test('retired orders are exported whole, their ids stay taken, and the audit knows of them', async (t) => {
  await retireAndGoOn(t, freshSettings(`sqlite:${await temporaryFolder(t)}/cart.db`))
})

test('orders are retired on PostgreSQL as well', async (t) => {
  const schema = await createTestSchema()
  t.after(() => schema.drop())
  await retireAndGoOn(t, freshSettings(schema.url()))
})

test('an order whose export does not fit on the disk stays in the store', async (t) => {
  const schema = await createTestSchema()
  t.after(() => schema.drop())
  const settings = freshSettings(schema.url())
  const service = await startOwnService(t, settings)
  // One: the write behind one that was cut short fails anyway.
  const [orderId = ''] = CLOSED
  assert.equal((await send(service, 'POST', { orderId, numItems: 2 })).status, 201)
  assert.equal((await send(service, 'PUT', { orderId, status: 'delivered' })).status, 200)
  const file = `${await temporaryFolder(t)}/orders.ndjson`
  const args = ['retire', '--older-than', '0s', file]
  const { code, stderr } = await cart(args, settings, { hasFullDisk: true })
  assert.equal(code, 2, stderr)
  assert.match(stderr, /EFBIG/)
  assert.equal((await fetch(`${service.url}/api/orders/${orderId}`)).status, 200)
})

test('a replay copies bytes and headers to another topic, and never to the live one', async (t) => {
  const settings = freshSettings(`sqlite:${await temporaryFolder(t)}/cart.db`)
  const service = await startOwnService(t, settings)
  await fill(service)
  const live = await cart(['replay', '--to-topic', settings.KAFKA_TOPIC], settings)
  assert.equal(live.code, 2)
  assert.match(live.stderr, /is the topic of the service/)
  const missing = await cart(['replay', '--to-topic', 'not-there'], settings)
  assert.match(missing.stderr, /not-there does not exist/)

  const copy = await createPlanter(t).createTopic(2)
  const all = await cart(['replay', '--to-topic', copy], settings)
  assert.match(all.stdout, /^5 events were copied/, all.stderr)
  const servers = settings.KAFKA_BOOTSTRAP_SERVERS
  const [originals, copies] = [
    await readTopic(servers, settings.KAFKA_TOPIC),
    await readTopic(servers, copy),
  ]
  assert.equal(copies.length, originals.length)
  for (const { key, value, headers } of originals) {
    const found = copies.find((one) => one.headers['ce_id'] === headers['ce_id'])
    const { ce_replayed: replayedAt, ...same } = found?.headers ?? {}
    assert.deepEqual([found?.key, found?.value, same], [key, value, headers])
    assert.ok(!Number.isNaN(Date.parse(replayedAt ?? '')))
  }
  const versions = copies
    .filter((one) => one.key === CLOSED[0])
    .map((one) => one.headers['ce_sequence'])
  assert.deepEqual(versions, ['0000000001', '0000000002'])

  const some = await createPlanter(t).createTopic(1)
  const one = await cart(['replay', '--to-topic', some, '--order', OPEN, '--from', '1h'], settings)
  assert.match(one.stdout, /^1 events were copied/)
  const none = await cart(['replay', '--to-topic', some, '--until', '1h', '--dry-run'], settings)
  assert.match(none.stdout, /^0 events would be/)
  assert.equal((await readTopic(servers, some)).length, 1)
})
