import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findFreePort } from '../../../dev-services/ports.ts'
import { startTestServer } from '../harness.ts'
import { bearer, knownCallers } from './known-callers.ts'

async function statusOf(url: string, path: string, credential: string): Promise<number> {
  return (await fetch(url + path, { headers: bearer(credential) })).status
}

test('what is for operators is answered on their port alone, and nothing else is', async (t) => {
  const management = { host: '127.0.0.1', port: await findFreePort() }
  const { server } = await startTestServer(t, { callers: knownCallers, settings: { management } })
  const open = await server.listen({ host: '127.0.0.1', port: 0 })
  const closed = `http://127.0.0.1:${management.port}`
  assert.equal(await statusOf(closed, '/health', 'operator'), 200)
  assert.equal(await statusOf(closed, '/health', 'reader'), 403, 'callers are asked there, too')
  assert.equal(await statusOf(closed, '/health/ready', 'stranger'), 200)
  assert.equal(await statusOf(closed, '/api/orders', 'reader'), 404)
  assert.equal(await statusOf(closed, '/docs', 'reader'), 404)
  assert.equal(await statusOf(open, '/health', 'operator'), 404)
  assert.equal(await statusOf(open, '/health/ready', 'stranger'), 200)
  assert.equal(await statusOf(open, '/api/orders', 'reader'), 200)
  await server.close()
  await assert.rejects(fetch(`${closed}/health/live`))
})
