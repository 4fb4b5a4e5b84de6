import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import process from 'node:process'
import { after, before, suite, test } from 'node:test'
import fc from 'fast-check'
import { createLink } from '../../src/service/storage/postgres/connection.ts'
import { applyHarm, HARM } from '../support/harm.ts'

/**
 * A server that answers the driver anything. Whatever its bytes are, the query ends within its time,
 * and nothing is thrown where nobody catches it. `CART_FUZZ_RUNS=100000` plays more.
 */
const RUNS = Number(process.env['CART_FUZZ_RUNS'] ?? 4_000)
const TIMEOUTS = { connectMs: 5_000, statementMs: 4_000, answerMs: 5_000 }

function message(code: string, ...body: readonly (string | Buffer)[]): Buffer {
  const bytes = Buffer.concat(body.map((part) => Buffer.from(part)))
  const head = Buffer.alloc(5)
  head.write(code)
  head.writeInt32BE(4 + bytes.length, 1)
  return Buffer.concat([head, bytes])
}

const READY = message('Z', 'I')

const WELCOME = Buffer.concat([
  message('R', Buffer.alloc(4)),
  message('S', 'server_version\u{0}18.1\u{0}'),
  message('K', Buffer.alloc(8)),
  READY,
])

/** Int16 count, then of each its name, table, column, type, size, modifier and format. */
const COLUMN = Buffer.from('00000000000000000019ffffffffffff0000', 'hex')

const ROWS_BEGIN = Buffer.concat([
  message('1'),
  message('2'),
  message('T', Buffer.from([0, 1]), 'order_id\u{0}', COLUMN),
])

/** Of 32 MiB. */
const BIG_ROW = message('D', Buffer.from([0, 1, 0x02, 0, 0, 0]), Buffer.alloc(2 ** 25, 'x'))

const ROWS = Buffer.concat([
  ROWS_BEGIN,
  message('D', Buffer.from([0, 1, 0, 0, 0, 5]), 'ORD-1'),
  message('D', Buffer.from([0, 1, 0xff, 0xff, 0xff, 0xff])),
  message('N', 'SNOTICE\u{0}Mnote\u{0}\u{0}'),
  message('C', 'SELECT 2\u{0}'),
  READY,
])

const REFUSAL = Buffer.concat([message('E', 'SERROR\u{0}C23505\u{0}Mno\u{0}\u{0}'), READY])

suite('a database that answers anything', () => {
  const sockets = new Set<Socket>()
  const uncaught: unknown[] = []
  const note = (error: unknown): void => void uncaught.push(error)
  let welcome: readonly Buffer[]
  let answer: readonly Buffer[]
  let port = 0

  const server = createServer((socket) => {
    let isWelcomed = false
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    socket.on('data', () => {
      for (const bytes of isWelcomed ? answer : welcome) {
        if (bytes.length === 0) socket.end()
        else socket.write(bytes)
      }
      isWelcomed = true
    })
  })

  before(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    port = typeof address === 'object' && address !== null ? address.port : 0
    process.on('uncaughtException', note)
    process.on('unhandledRejection', note)
  })
  after(async () => {
    process.off('uncaughtException', note)
    process.off('unhandledRejection', note)
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })

  function connect(): ReturnType<typeof createLink> {
    const link = createLink({
      url: `postgres://cart:secret@127.0.0.1:${port}/cart`,
      timeouts: TIMEOUTS,
    })
    link.client.on('error', () => {})
    return link
  }

  /** What the caller gets: the rows, or the sentence of an error. */
  async function ask(): Promise<unknown> {
    const { client, socket } = connect()
    try {
      await client.connect()
      const { rows } = await client.query({ text: 'SELECT $1', values: ['x'] })
      return rows
    } catch (error) {
      return error instanceof Error ? error.message : error
    } finally {
      socket.destroy()
    }
  }

  test('a right answer passes as it is', async () => {
    welcome = [WELCOME]
    answer = [ROWS]
    assert.deepEqual(await ask(), [{ order_id: 'ORD-1' }, { order_id: null }])
    answer = [REFUSAL]
    assert.equal(await ask(), 'no')
  })

  for (const length of [-5, 0, 3, 2 ** 31 - 1]) {
    test(`a message that claims a length of ${length} ends the connection`, async () => {
      const harmed = Buffer.from(ROWS)
      harmed.writeInt32BE(length, 1)
      welcome = [WELCOME]
      answer = [harmed]
      assert.equal(await ask(), `the database's message claims a length of ${length} bytes`)
    })
  }

  test('an error without an end does not keep the process busy for good', async () => {
    welcome = [WELCOME]
    answer = [message('E', 'SERROR\u{0}Mno\u{0}')]
    assert.equal(await ask(), 'an error of the database has no end')
  })

  test('rows without end cost no more than the most that an answer may have', async () => {
    welcome = [WELCOME]
    answer = [ROWS_BEGIN, ...Array.from({ length: 9 }, () => BIG_ROW)]
    assert.equal(await ask(), `the database's answer has more than ${2 ** 28} bytes`)
  })

  test('rows of one answer after the other are not counted together', async () => {
    welcome = [WELCOME]
    answer = [ROWS_BEGIN, BIG_ROW, message('C', 'SELECT 1\u{0}'), READY]
    const { client, socket } = connect()
    await client.connect()
    for (let asked = 0; asked < 9; asked += 1) {
      const { rowCount } = await client.query({ text: 'SELECT $1', values: ['x'] })
      assert.equal(rowCount, 1)
    }
    socket.destroy()
  })

  test('a password is not hashed as often as the server likes', async () => {
    const offer = Buffer.concat([
      Buffer.from([0, 0, 0, 10]),
      Buffer.from('SCRAM-SHA-256\u{0}\u{0}'),
    ])
    const challenge = Buffer.from('r=nonce,s=c2FsdA==,i=2147483647')
    welcome = [message('R', offer), message('R', Buffer.from([0, 0, 0, 11]), challenge)]
    assert.equal(await ask(), 'the database wants the password hashed 2147483647 times')
  })

  test('a row that claims more than it has ends the connection', async () => {
    welcome = [WELCOME]
    answer = [ROWS.subarray(0, 10), message('D', Buffer.from([0xff, 0xff]))]
    assert.match(String(await ask()), /the database's message cannot be read/u)
    assert.deepEqual(uncaught, [])
  })

  test('harmed messages harm nothing but their connection', { timeout: 600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('welcome', 'rows', 'refusal'),
        HARM,
        async (target, harms) => {
          const harmed = (bytes: Buffer, name: string): readonly Buffer[] =>
            target === name ? applyHarm(bytes, harms) : [bytes]
          welcome = harmed(WELCOME, 'welcome')
          answer = target === 'refusal' ? applyHarm(REFUSAL, harms) : harmed(ROWS, 'rows')
          await ask()
          assert.deepEqual(uncaught, [])
        },
      ),
      { numRuns: RUNS },
    )
  })
})
