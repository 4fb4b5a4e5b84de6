import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Measures } from '../../src/business/measures/measures.ts'
import { notConfirmed, tooManyPending } from '../../src/business/refusals.ts'
import { until } from '../support/until.ts'
import { createFakeCommands, createHangingCommands, postOrder, startTestServer } from './harness.ts'

const TEXT = 'text/plain; version=0.0.4; charset=utf-8'
const OPEN = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

test('a scraper gets the format that it asks for, as it is', async (t) => {
  const asked: string[] = []
  const { server } = await startTestServer(t, {
    writeMetrics: (format) => {
      asked.push(format)
      return Promise.resolve({ contentType: format === 'text' ? TEXT : OPEN, text: `${format}\n` })
    },
  })
  const plain = await server.inject({ url: '/metrics' })
  assert.equal(plain.headers['content-type'], TEXT)
  assert.equal(plain.body, 'text\n')
  const accept = `${OPEN.replace('; charset=utf-8', '')};q=0.8,text/plain;q=0.5`
  const open = await server.inject({ url: '/metrics', headers: { accept } })
  assert.equal(open.headers['content-type'], OPEN)
  assert.deepEqual(asked, ['text', 'openmetrics'])
})

test('all who ask at once are sent the same bytes: those who do not take them cost no more', async (t) => {
  const page = { contentType: TEXT, text: 'up 1\n' }
  const { server } = await startTestServer(t, { writeMetrics: () => Promise.resolve(page) })
  const sent = new Set<unknown>()
  server.addHook('onSend', async (_request, _reply, payload) => void sent.add(payload))
  for (let count = 0; count < 2; count += 1) {
    assert.equal((await server.inject({ url: '/metrics' })).body, page.text)
  }
  const [bytes, ...others] = sent
  assert.ok(Buffer.isBuffer(bytes))
  assert.deepEqual(others, [])
})

test('no path, query or method that a caller makes up becomes a label', async (t) => {
  const measures = new Measures()
  const { server } = await startTestServer(t, { measures })
  await server.inject({ url: '/api/orders/SECRET-1?x=SECRET-2' })
  await server.inject({ url: '/api/orders/SECRET-6' })
  await server.inject({ url: '/SECRET-3' })
  await server.inject({ method: 'PROPFIND' as 'GET', url: '/SECRET-4' })
  await postOrder(server, { orderId: 'SECRET-5', numItems: 1 })
  const labels = measures.requests.list().map((series) => series.labels.join(' '))
  assert.doesNotMatch(labels.join(), /SECRET/u)
  assert.ok(labels.includes('GET /api/orders/:orderId 200'), labels.join())
  assert.ok(labels.includes('GET /api/orders/:orderId 400'), labels.join())
  assert.ok(labels.includes('POST /api/create-order 201'), labels.join())
})

test('a request that the door turns away is counted by its work and its status', async (t) => {
  const measures = new Measures()
  const { server } = await startTestServer(t, {
    measures,
    changes: {
      enter: () => false,
      leave: () => undefined,
      isFull: () => false,
      outcomeOfRefusal: () => 'unknown',
    },
  })
  assert.equal((await postOrder(server, { orderId: 'ORD-1', numItems: 1 })).statusCode, 503)
  assert.deepEqual(
    measures.turnedAway.list().filter(({ count }) => count > 0),
    [{ labels: ['change'], count: 1 }],
  )
  assert.deepEqual(
    measures.requests.list().map(({ labels }) => labels),
    [['POST', '/api/create-order', '503']],
  )
})

test('a change that a use case has no room for is counted as turned away', async (t) => {
  const measures = new Measures()
  const commands = createFakeCommands(tooManyPending())
  const { server } = await startTestServer(t, { measures, commands })
  assert.equal((await postOrder(server, { orderId: 'ORD-1', numItems: 1 })).statusCode, 503)
  assert.deepEqual(
    measures.turnedAway.list().filter(({ count }) => count > 0),
    [{ labels: ['change'], count: 1 }],
  )
})

test('a request whose client leaves before its answer is counted once, and a stream is not', async (t) => {
  const measures = new Measures()
  const { commands, begun, fail } = createHangingCommands()
  const { server } = await startTestServer(t, { measures, commands })
  const url = await server.listen({ host: '127.0.0.1', port: 0 })
  const leaving = new AbortController()
  const { signal } = leaving
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ orderId: 'ORD-1', numItems: 1 })
  const create = fetch(`${url}/api/create-order`, { method: 'POST', headers, body, signal })
  const stream = await fetch(`${url}/api/events/stream`, { signal })
  await begun
  leaving.abort()
  await assert.rejects(create)
  await assert.rejects(stream.text())
  await until(() => measures.requests.list().length > 0, 'a request is counted')
  await until(() => measures.streamReaderCount === 0, 'the reader is gone')
  fail()
  await server.close()
  assert.deepEqual(
    measures.requests
      .list()
      .map(({ labels, value }) => [...labels, value.counts.reduce((sum, count) => sum + count)]),
    [['POST', '/api/create-order', 'none', 1]],
  )
})

test('a request that fails is counted with the status of its answer', async (t) => {
  const measures = new Measures()
  const commands = createFakeCommands(notConfirmed())
  const { server } = await startTestServer(t, { measures, commands })
  await postOrder(server, { orderId: 'ORD-1', numItems: 1 })
  assert.deepEqual(
    measures.requests.list().map(({ labels }) => labels),
    [['POST', '/api/create-order', '503']],
  )
})
