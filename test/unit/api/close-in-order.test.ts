import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { Server, Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import type { IncomingMessage, Server as HttpServer } from 'node:http'
import { closeConnectionsInOrder, closeInOrder } from '../../../src/api/close-in-order.ts'

class FakeSocket extends EventEmitter {
  bytesRead = 0
  destroyed = false
  isEnded = false

  end(): void {
    this.isEnded = true
  }

  destroy(): void {
    this.destroyed = true
    this.emit('close')
  }

  destroySoon(): void {
    this.destroy()
  }
}

/** A socket whose caller sends so much in each half second; true once it is closed. */
function send(t: TestContext, socket: FakeSocket, halfSeconds: number, bytes: number): boolean {
  for (let count = 0; count < halfSeconds && !socket.destroyed; count += 1) {
    socket.bytesRead += bytes
    t.mock.timers.tick(500)
  }
  return socket.destroyed
}

/** One that was answered in the middle of a body, and is closed for it. */
function closeInBody(): FakeSocket {
  const server: Server = new EventEmitter() as HttpServer
  closeConnectionsInOrder(server as HttpServer, 'connection')
  const socket = new FakeSocket()
  server.emit('connection', socket)
  const request = { socket: socket as unknown as Socket, complete: false, resume: () => undefined }
  server.emit('request', request as unknown as IncomingMessage)
  socket.destroySoon()
  return socket
}

test('listens to a caller in the middle of a body while it sends, for half a minute', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const socket = closeInBody()
  assert.ok(socket.isEnded)
  // 5 MB at 1.5 Mbit/s take 27 seconds.
  assert.equal(send(t, socket, 54, 93_750), false)
  assert.equal(send(t, socket, 1, 0), false, 'a line that falters')
  assert.equal(send(t, socket, 8, 93_750), true, 'nobody is listened to for ever')
})

test('listens to nobody who sends nothing, and to nobody who sends too much', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  assert.equal(send(t, closeInBody(), 4, 0), true)
  assert.equal(send(t, closeInBody(), 4, 32 * 1024 * 1024), true)
})

test('gives a connection that asks nothing more less time', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const socket = new FakeSocket()
  closeInOrder(socket as unknown as Socket)
  assert.equal(send(t, socket, 19, 1_000), false)
  assert.equal(send(t, socket, 1, 1_000), true)
})
