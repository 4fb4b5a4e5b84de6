import assert from 'node:assert/strict'
import { test } from 'node:test'
import type {
  CredentialCheck,
  CredentialVerdict,
} from '../../src/business/callers/credential-check.ts'
import { until } from '../support/until.ts'
import { asCaller, getText, startRawServer } from './raw-client.ts'

test('lists and streams that are sent ahead are answered in their order, also while it is asked who sent them', async (t) => {
  const verdict = Promise.withResolvers<CredentialVerdict>()
  const callers: CredentialCheck = { check: () => verdict.promise }
  const { open } = await startRawServer(t, { callers })
  const client = await open()
  const paths = ['/api/orders', '/api/orders/ORD-1', '/api/orders', '/', '/api/orders/ORD-1/events']
  client.send([...paths, '/api/events/stream', '/'].map((path) => asCaller(getText(path))).join(''))
  const caller = { principal: 'api_key:one', scopes: new Set(['orders:read'] as const) }
  verdict.resolve({ kind: 'known', caller })
  assert.deepEqual(await client.answers(6), [200, 200, 200, 200, 200, 200])
  await until(() => client.text().includes('text/event-stream'), 'the stream is the last one')
  assert.deepEqual(await client.answers(6), [200, 200, 200, 200, 200, 200])
})
