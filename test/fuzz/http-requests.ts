import assert from 'node:assert/strict'
import { connect, type AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import fc from 'fast-check'
import { startTestServer } from '../api/harness.ts'
import { AnswerReader, type RawAnswer } from '../attack/raw-http.ts'
import { SHAPES } from '../attack/shapes/shapes.ts'
import { HOST, LENGTH, get, orderBody, post } from '../attack/shapes/shape.ts'
import { applyHarm, HARM } from '../support/harm.ts'
import type { FuzzTarget } from './fuzz-target.ts'

/**
 * Requests over sockets to the whole HTTP server over stand-ins of the use cases: some right ones, then
 * one that is harmed, in one piece. The right ones are answered as if nothing came behind them.
 */

const AT_ONCE = 10

/** The server of a socket that is not there after so long has forgotten it. */
const SILENCE_MS_MAX = 30_000

/** 28,000 ports toward one address are soon used up: each lies idle for a minute. */
const ADDRESSES = 200

const PATHS = [
  '/',
  '/health',
  '/health/live',
  '/api/orders',
  '/api/orders?limit=2&status=pending',
  '/api/orders/ORD-1',
  '/api/orders/ORD-1/events',
  '/api/orders/ORD-1/events/1',
  '/console',
  '/openapi.json',
  '/asyncapi.json',
  '/schemas/order.avsc',
  '/docs',
  `/api/orders/${'1'.repeat(4_000)}`,
]

const RIGHT = [
  post(LENGTH, orderBody('FUZZ-001')),
  post(`Idempotency-Key: a\r\ntraceparent: 00-1-1-00\r\n${LENGTH}`, orderBody('FUZZ-002')),
  `PUT /api/update-order HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nIf-Match: "1"\r\nContent-Length: 41\r\n\r\n{"orderId":"FUZZ-001","status":"shipped"}`,
  ...PATHS.map((path) => get(path)),
]

/** More than a socket has at work at once. */
const RIGHT_ONES_MAX = 12

const HARMED = fc
  .tuple(
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...RIGHT) },
      fc.constantFrom(...SHAPES.map(({ sent }) => sent).filter(({ length }) => length < 20_000)),
    ),
    HARM,
  )
  .map(([request, harm]) => Buffer.concat(applyHarm(Buffer.from(request, 'latin1'), harm)))

const INPUT = fc.record({
  right: fc.array(fc.constantFrom(...RIGHT), { maxLength: RIGHT_ONES_MAX }),
  harmed: HARMED,
})

type Input = typeof INPUT extends fc.Arbitrary<infer Value> ? Value : never

/**
 * Sends it all, and reads to the end. Ends its half when so many are answered: it would be taken for one
 * that has left before.
 */
function ask(
  address: string,
  port: number,
  sent: Buffer,
  rightCount: number,
): Promise<readonly RawAnswer[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly RawAnswer[]>()
  const reader = new AnswerReader()
  const answers: RawAnswer[] = []
  const socket = connect({ host: address, port, allowHalfOpen: true })
  const end = (): void => {
    socket.destroy()
    resolve(answers)
  }
  const endHalf = (): void => {
    if (answers.length >= rightCount) socket.end()
  }
  socket.on('connect', () => {
    socket.write(sent)
    endHalf()
  })
  socket.on('data', (chunk: Buffer) => {
    answers.push(...reader.push(chunk))
    endHalf()
  })
  socket.on('end', end).on('error', end).on('close', end)
  socket.setTimeout(SILENCE_MS_MAX, () => reject(new Error('the connection stays open')))
  return promise
}

function assertNoBug({ status, body }: RawAnswer): void {
  assert.ok(status >= 100 && status < 600)
  assert.notEqual(status, 500, body)
}

/** The status of each request when nothing else is on its connection. */
async function askEach(port: number): Promise<ReadonlyMap<string, number>> {
  const statuses = new Map<string, number>()
  for (const request of RIGHT) {
    const [answer] = await ask('127.0.0.1', port, Buffer.from(request, 'latin1'), 1)
    statuses.set(request, answer?.status ?? 0)
  }
  return statuses
}

export const httpRequests: FuzzTarget = {
  name: 'HTTP',
  inputs: 120_000,
  inputsPerRun: AT_ONCE,
  async open() {
    const opened = new AsyncDisposableStack()
    const context = { after: (close: () => Promise<void>) => opened.defer(close) }
    const { server, logged } = await startTestServer(context as unknown as TestContext, {
      logLevel: 'error',
    })
    await server.listen({ host: '0.0.0.0', port: 0 })
    const { port } = server.server.address() as AddressInfo
    const statuses = await askEach(port)
    let count = 0
    const askOne = async ({ right, harmed }: Input): Promise<void> => {
      const address = `127.0.0.${1 + (count % ADDRESSES)}`
      const sent = Buffer.concat([Buffer.from(right.join(''), 'latin1'), harmed])
      const answers = await ask(address, port, sent, right.length)
      answers.forEach(assertNoBug)
      assert.deepEqual(
        answers.slice(0, right.length).map(({ status }) => status),
        right.map((request) => statuses.get(request)),
      )
    }
    const inputs = fc.array(INPUT, { minLength: AT_ONCE, maxLength: AT_ONCE })
    return {
      property: fc.asyncProperty(inputs, async (all) => {
        count += 1
        await Promise.all(all.map(askOne))
        assert.deepEqual(logged, [])
      }),
      [Symbol.asyncDispose]: () => opened.disposeAsync(),
    }
  },
}
