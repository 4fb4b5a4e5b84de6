import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { suite, test, type TestContext } from 'node:test'
import { SHAPES, tryShape } from '../attack/shapes/shapes.ts'
import { SMUGGLED_ID } from '../attack/shapes/shape.ts'
import { createFakeCommands, startTestServer } from './harness.ts'

/** One shape is answered only when this is over. */
const REQUEST_TIMEOUT_MS = 2_000

const BUG = 50

interface Reading {
  /** As every connection that was there when a change was refused, or came while changes were. */
  readonly isBeforeParser: boolean
}

async function playShapes(t: TestContext, { isBeforeParser }: Reading): Promise<void> {
  const commands = createFakeCommands()
  let isFull = false
  let readBefore = 0
  const { server, logged } = await startTestServer(t, {
    commands,
    settings: { requestTimeoutMs: REQUEST_TIMEOUT_MS },
    changes: {
      enter: () => true,
      leave: () => undefined,
      isFull() {
        if (isFull) readBefore += 1
        return isFull
      },
      outcomeOfRefusal: () => 'not-applied',
    },
  })
  // Full when a connection comes, and not any more when something is asked on it.
  server.server.prependListener('connection', () => (isFull = isBeforeParser))
  server.server.on('connection', () => (isFull = false))
  await server.listen({ host: '127.0.0.1', port: 0 })
  const { port } = server.server.address() as AddressInfo
  for (const shape of SHAPES) {
    await t.test(shape.name, async () => {
      const createdBefore = commands.created.length
      assert.deepEqual(await tryShape(port, shape), [])
      const created = commands.created.slice(createdBefore).map(({ orderId }) => orderId)
      assert.deepEqual(created, shape.creates === undefined ? [] : [shape.creates])
      assert.ok(!created.some((orderId) => orderId === SMUGGLED_ID))
    })
  }
  assert.equal(readBefore >= SHAPES.length, isBeforeParser)
  assert.deepEqual(
    logged.filter(({ level }) => Number(level) >= BUG),
    [],
  )
}

suite('what is said on a connection', () => {
  test('is answered by the table, creates what it says and nothing else', async (t) => {
    await playShapes(t, { isBeforeParser: false })
  })

  test('is answered the same where JavaScript reads before the parser', async (t) => {
    await playShapes(t, { isBeforeParser: true })
  })
})
