import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { HttpLine } from '../../../bench/orders/http-line.ts'

const ANSWER = 'HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\n\r\n\r\nx'

test('an answer counts once, wherever it is cut on its way', async (t) => {
  const server = createServer()
  t.after(() => server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const line = await HttpLine.open('127.0.0.1', (server.address() as AddressInfo).port)
  t.after(() => line.close())
  const [socket] = await accepted
  socket.setNoDelay(true)

  for (let cut = 1; cut < ANSWER.length; cut += 1) {
    const statuses: number[] = []
    const answered = new Promise<void>((resolve) => {
      line.send('x', (status) => {
        statuses.push(status)
        resolve()
      })
    })
    await once(socket, 'data')
    socket.write(ANSWER.slice(0, cut))
    // A turn of the event loop reads it, most of the time before the rest is there.
    await setImmediate()
    await setImmediate()
    socket.write(ANSWER.slice(cut))
    await answered
    assert.deepEqual(statuses, [201])
  }
})
