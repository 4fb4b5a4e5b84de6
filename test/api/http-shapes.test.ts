import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { suite, test } from 'node:test'
import { SHAPES, tryShape } from '../attack/shapes/shapes.ts'
import { SMUGGLED_ID } from '../attack/shapes/shape.ts'
import { createFakeCommands, startTestServer } from './harness.ts'

/** One shape is answered only when this is over. */
const REQUEST_TIMEOUT_MS = 2_000

const BUG = 50

suite('what is said on a connection', () => {
  test('is answered by the table, creates what it says and nothing else', async (t) => {
    const commands = createFakeCommands()
    const settings = { requestTimeoutMs: REQUEST_TIMEOUT_MS }
    const { server, logged } = await startTestServer(t, { commands, settings })
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
    assert.deepEqual(
      logged.filter(({ level }) => Number(level) >= BUG),
      [],
    )
  })
})
