import assert from 'node:assert/strict'
import { createServer, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { SocketGate } from '../../src/api/admission/socket-gate.ts'
import {
  REQUESTS_PER_SOCKET_MAX,
  type Begin,
  type SocketLine,
} from '../../src/api/admission/socket-line.ts'
import { closeInOrder } from '../../src/api/close-in-order.ts'
import { until } from '../support/until.ts'
import { getText, openRawClients } from './raw-client.ts'

test('beyond what all sockets may have waiting, a connection ends after what it has begun', async (t) => {
  const gate = new SocketGate({
    connectionsMax: 10,
    restBytesMax: 1_000,
    onLetIn: () => undefined,
    refuse: (socket) => socket.destroy(),
    closeInOrder,
    onBodyAwaited: () => assert.fail('no request has a body'),
  })
  const begun: ServerResponse[] = []
  const server = createServer(gate.guard((_request, response) => void begun.push(response)))
  gate.watch(server, 'connection')
  server.on('clientError', (error, socket) => assert.ok(gate.takeRest(error, socket as never)))
  server.listen(0, '127.0.0.1')
  t.after(() => server.close())
  const open = await openRawClients(t, server)
  const first = await open()
  first.send(getText('/').repeat(20))
  await until(() => begun.length === REQUESTS_PER_SOCKET_MAX, 'the first ones are begun')
  let isOpen = true
  server.once('connection', (socket) => socket.once('close', () => (isOpen = false)))
  const greedy = await open()
  let failure: Error | undefined
  greedy.socket.on('error', (error) => (failure = error))
  greedy.socket.pause()
  greedy.send(getText('/').repeat(50))
  await until(() => begun.length === 2 * REQUESTS_PER_SOCKET_MAX, 'as many of the other one are')
  await until(() => {
    for (const response of begun.splice(0)) response.end()
    return first.statuses().length === 20
  }, 'the first one has all its answers')
  // It has sent more than it was told that nobody reads, and gets its answers all the same.
  greedy.send(getText('/').repeat(10_000))
  await until(() => !isOpen, 'the server has closed the connection')
  greedy.socket.resume()
  await greedy.ended()
  assert.equal(failure, undefined)
  assert.equal(greedy.statuses().length, REQUESTS_PER_SOCKET_MAX)
  // What it had waiting is free again.
  const next = await open()
  next.send(getText('/').repeat(20))
  await until(() => {
    for (const response of begun.splice(0)) response.end()
    return next.statuses().length === 20
  }, 'the next one has all its answers')
})

test('what was read and waits to be parsed waits for its turn', async (t) => {
  const told: unknown[] = []
  const gate = new SocketGate({
    connectionsMax: 10,
    restBytesMax: 1_000,
    onLetIn(socket, line) {
      told.push(line.whyNotRead)
      socket.pause()
      told.push(line.whyNotRead)
      socket.resume()
      told.push(line.whyNotRead)
    },
    refuse: (socket) => socket.destroy(),
    closeInOrder,
    onBodyAwaited: () => assert.fail('nothing is sent'),
  })
  const server = createServer()
  gate.watch(server, 'connection')
  server.listen(0, '127.0.0.1')
  t.after(() => server.close())
  const open = await openRawClients(t, server)
  await open()
  await until(() => told.length > 0, 'the connection is let in')
  assert.deepEqual(told, [undefined, 'turn', undefined])
})

test('nothing more is read before its parser of a socket whose answers wait to be taken', async (t) => {
  const gate = new SocketGate({
    connectionsMax: 10,
    restBytesMax: 1_000,
    onLetIn: (_socket, line) => line.readBefore((bytes) => line.parse(bytes)),
    refuse: (socket) => socket.destroy(),
    closeInOrder,
    onBodyAwaited: () => assert.fail('no request has a body'),
  })
  // More than the system keeps of it.
  const large = 'a'.repeat(16 * 1024 * 1024)
  const sockets: Socket[] = []
  const answer: Begin = ({ socket, url }, response) => {
    if (url === '/other') return void response.end()
    sockets.push(socket)
    response.end(large)
  }
  const server = createServer(gate.guard(answer))
  gate.watch(server, 'connection')
  server.listen(0, '127.0.0.1')
  t.after(() => server.close())
  const open = await openRawClients(t, server)
  const client = await open()
  client.socket.pause()
  client.send(getText('/').repeat(3))
  await until(() => sockets.length === 3, 'Node stops to read')
  sockets[0]?.resume()
  client.send(getText('/'))
  const other = await open()
  other.send(getText('/other'))
  await other.answers(1)
  assert.equal(sockets.length, 3)
  client.socket.resume()
  assert.equal((await client.answers(4)).length, 4)
})

test('nothing is kept in the stream of a socket that is read before its parser and stopped', async (t) => {
  const sockets: Socket[] = []
  const gate = new SocketGate({
    connectionsMax: 10,
    restBytesMax: 1_000_000,
    onLetIn(socket, line) {
      line.readBefore((bytes) => line.parse(bytes))
      sockets.push(socket)
    },
    refuse: (socket) => socket.destroy(),
    closeInOrder,
    onBodyAwaited: () => assert.fail('no request has a body'),
  })
  const begun: ServerResponse[] = []
  let isHeld = true
  const server = createServer(
    gate.guard((request, response) => {
      if (isHeld && request.url === '/') begun.push(response)
      else response.end()
    }),
  )
  gate.watch(server, 'connection')
  server.on('clientError', (error, socket) => assert.ok(gate.takeRest(error, socket as never)))
  server.listen(0, '127.0.0.1')
  t.after(() => server.close())
  const open = await openRawClients(t, server)
  const ahead = await open()
  const count = 5_000
  ahead.send(getText('/').repeat(count))
  await until(() => begun.length === REQUESTS_PER_SOCKET_MAX, 'the first ones are begun')
  // The loop has read what it would read.
  for (let turns = 1; turns <= 3; turns += 1) {
    const other = await open()
    other.send(getText('/other'))
    await other.answers(1)
  }
  assert.equal(sockets[0]?.readableLength, 0)
  isHeld = false
  for (const response of begun) response.end()
  assert.equal((await ahead.answers(count)).length, count)
})

test('a body that nobody reads is why its socket is not read', async (t) => {
  const lines: SocketLine[] = []
  const gate = new SocketGate({
    connectionsMax: 10,
    restBytesMax: 1_000,
    onLetIn: (_socket, line) => void lines.push(line),
    refuse: (socket) => socket.destroy(),
    closeInOrder,
    onBodyAwaited: () => assert.fail('no request is held'),
  })
  const begun: ServerResponse[] = []
  const server = createServer(gate.guard((_request, response) => void begun.push(response)))
  gate.watch(server, 'connection')
  server.listen(0, '127.0.0.1')
  t.after(() => server.close())
  const open = await openRawClients(t, server)
  const client = await open()
  const length = 1024 * 1024
  client.send(`POST / HTTP/1.1\r\nHost: cart\r\nContent-Length: ${length}\r\n\r\n`)
  client.send('a'.repeat(length - 1))
  await until(() => lines[0]?.whyNotRead === 'body', 'Node stops to read')
  begun[0]?.req.resume()
  await until(() => lines[0]?.whyNotRead === undefined, 'Node reads on')
})
