import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CredentialCheck } from '../../src/business/callers/credential-check.ts'
import { until } from '../support/until.ts'
import { createHeldCheck } from './held-check.ts'
import { asCaller, getText, startRawServer } from './raw-client.ts'

test('lists and streams that are sent ahead are answered in their order, also while it is asked who sent them', async (t) => {
  const { callers, asked, release } = createHeldCheck()
  const { open } = await startRawServer(t, { callers })
  const client = await open()
  const paths = ['/api/orders', '/api/orders/ORD-1', '/api/orders', '/', '/api/orders/ORD-1/events']
  client.send([...paths, '/api/events/stream', '/'].map((path) => asCaller(getText(path))).join(''))
  await until(() => asked() > 0, 'the first one is asked about')
  assert.equal(asked(), 1, 'nothing behind a list begins')
  release()
  assert.deepEqual(await client.answers(6), [200, 200, 200, 200, 200, 200])
  await until(() => client.text().includes('text/event-stream'), 'the stream is the last one')
  assert.deepEqual(await client.answers(6), [200, 200, 200, 200, 200, 200])
})

test('a list or a stream that is refused before it begins holds nothing up behind it', async (t) => {
  const callers: CredentialCheck = { check: () => ({ kind: 'refused', fault: 'unknown' }) }
  const { open } = await startRawServer(t, { callers })
  for (const path of ['/api/orders', '/api/events/stream']) {
    const client = await open()
    const foreign = getText(path).replace('Host: cart', 'Host: evil.example')
    client.send(getText(path) + asCaller(getText(path)) + foreign + getText('/health/live'))
    assert.deepEqual(await client.answers(4), [401, 401, 403, 200])
  }
})
