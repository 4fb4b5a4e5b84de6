import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { startOtlpReceiver, type OtlpReceiver } from './support/otlp-receiver.ts'

/** No test may fail by the last spans of a service, which are on their way when it ends. */

const HEAD =
  'POST /v1/traces HTTP/1.1\r\nhost: receiver\r\nexpect: 100-continue\r\n' +
  'transfer-encoding: chunked\r\n\r\n'

const NO_SPANS = JSON.stringify({ resourceSpans: [] })

/** The receiver waits for the rest of the body. */
async function beginToSend({ url }: OtlpReceiver): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.write(HEAD)
  await once(socket, 'data')
  socket.write('5\r\n{"res\r\n')
  return socket
}

test('spans that break off because their sender dies are none, and no failure', async (t) => {
  const receiver = await startOtlpReceiver()
  t.after(() => receiver[Symbol.dispose]())
  const socket = await beginToSend(receiver)
  socket.resetAndDestroy()
  // By the time that this is answered, the end of the other one was noticed.
  const answer = await fetch(receiver.url, { method: 'POST', body: NO_SPANS })
  assert.equal(answer.status, 200)
  assert.deepEqual(receiver.spans, [])
})

test('spans that break off because the receiver ends are none, and no failure', async () => {
  const receiver = await startOtlpReceiver()
  const socket = await beginToSend(receiver)
  const ended = new Promise((resolve) => socket.once('close', resolve))
  socket.on('error', () => {})
  receiver[Symbol.dispose]()
  await ended
  assert.deepEqual(receiver.spans, [])
})
