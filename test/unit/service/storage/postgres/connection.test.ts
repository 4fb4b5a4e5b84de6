import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { Connection } from '../../../../../src/service/storage/postgres/connection.ts'
import { temporaryFolder } from '../../../../support/temporary-folder.ts'

const TIMEOUTS = { connectMs: 5_000, statementMs: 5_000, answerMs: 5_000 }

/** A message of the server: its type, its length, its content. */
function message(type: string, content: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.write(type)
  head.writeInt32BE(4 + content.length, 1)
  return Buffer.concat([head, content])
}

const ASK_FOR_PASSWORD = message('R', Buffer.from([0, 0, 0, 3]))

const REFUSED = message('E', Buffer.from('SFATAL\0C28P01\0Mno\0\0'))

/** A database that refuses every password; it keeps what it was shown. */
async function startRefusingDatabase(t: TestContext, folder?: string) {
  const shown: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', () => {
      socket.write(ASK_FOR_PASSWORD)
      socket.once('data', (answer: Buffer) => {
        shown.push(answer.subarray(5, -1).toString())
        socket.end(REFUSED)
      })
    })
  })
  if (folder === undefined) server.listen(0, '127.0.0.1')
  else server.listen(join(folder, '.s.PGSQL.5432'))
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address() as AddressInfo | string
  const url =
    typeof address === 'string'
      ? `postgres:///cart?host=${folder}`
      : `postgres://cart@127.0.0.1:${address.port}/cart`
  return { url, shown }
}

test('a credential that is refused is tried less and less, and a signed one is not shown again', async (t) => {
  const { url, shown } = await startRefusingDatabase(t)
  let nowMs = 0
  t.mock.method(performance, 'now', () => nowMs)
  let signed = 0
  let token: string | undefined
  const connection = new Connection({
    url,
    database: 'of the test',
    mustBeDurable: false,
    timeouts: TIMEOUTS,
    signPassword: async () => (token ??= `token-${(signed += 1)}`),
    noteRefused: () => (token = undefined),
  })
  const triedAtMs: number[] = []
  for (; nowMs <= 20_000; nowMs += 100) {
    const before = shown.length
    await assert.rejects(connection.query({ text: 'SELECT' }), /refuses the user or the password/)
    if (shown.length > before) triedAtMs.push(nowMs)
  }
  assert.deepEqual(triedAtMs, [0, 200, 600, 1_400, 3_000, 6_200, 11_200, 16_200])
  assert.deepEqual(
    shown,
    triedAtMs.map((_, index) => `token-${index + 1}`),
  )
})

test('the password of a file is shown as it is, also where the address names no host', async (t) => {
  const folder = await temporaryFolder(t)
  const passwordFile = join(folder, 'password')
  for (const password of ['hush', ` h%75sh#/?@:'"ü `]) {
    await writeFile(passwordFile, `${password}\n`)
    for (const socketFolder of [undefined, await temporaryFolder(t)]) {
      const { url, shown } = await startRefusingDatabase(t, socketFolder)
      const options = { url, passwordFile, database: 'of the test', mustBeDurable: false }
      const connection = new Connection({ ...options, timeouts: TIMEOUTS })
      await assert.rejects(connection.query({ text: 'SELECT' }), /refuses the user/)
      assert.deepEqual(shown, [password])
    }
  }
})
