import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { findFreePort } from '../../../dev-services/ports.ts'
import { until } from '../../support/until.ts'
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

test('the port of operators has the door of the other one: few requests of one socket, problems as answers', async (t) => {
  const sockets: Socket[] = []
  // Before the server closes, which waits for its connections.
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    // A socket with all that it may have at work is not read: the server has not seen that it is gone.
    held.resolve({ contentType: 'text/plain', text: '' })
  })
  const management = { host: '127.0.0.1', port: await findFreePort() }
  const open = (): Socket => {
    const socket = connect(management)
    sockets.push(socket)
    return socket
  }
  let asked = 0
  const held = Promise.withResolvers<{ contentType: string; text: string }>()
  const { server } = await startTestServer(t, {
    settings: { management },
    writeMetrics() {
      asked += 1
      return held.promise
    },
  })
  await server.listen({ host: '127.0.0.1', port: 0 })
  const greedy = open()
  greedy.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(100))
  await until(() => asked > 0, 'they are asked for')
  const broken = open()
  broken.end('no HTTP\r\n\r\n')
  assert.match(await text(broken), /"code":"REQUEST_INVALID"/)
  assert.equal(asked, 8)
  const others = Array.from({ length: 63 }, open)
  await Promise.all(others.map((socket) => once(socket, 'connect')))
  assert.match(await text(open()), /"code":"SERVICE_FULL"/)
})
