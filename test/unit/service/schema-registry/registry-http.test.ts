import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { createAskRegistry } from '../../../../src/service/schema-registry/registry-http.ts'
import { FakeRegistry } from '../../../support/fake-registry.ts'

test('a question leaves nothing on the signal of the process, however it ended', async (t) => {
  const registry = await FakeRegistry.start()
  t.after(() => registry.stop())
  const closing = new AbortController()
  const clock = { monotonicMs: () => performance.now(), sleep: async () => {} }
  const askWithin = (timeoutMs: number) =>
    createAskRegistry({ baseUrl: registry.url, timeoutMs, clock }, closing.signal)
  const listenerCount = (): number => getEventListeners(closing.signal, 'abort').length

  registry.interfere({ kind: 'hang-up' }, 1)
  const ask = askWithin(60_000)
  const answers = Array.from({ length: 20 }, () => ask('GET', '/config/orders-value'))
  assert.equal(listenerCount(), 20)
  await Promise.all(answers)
  assert.equal(listenerCount(), 0)

  registry.interfere({ kind: 'silence' })
  await assert.rejects(askWithin(60)('GET', '/config/orders-value'), /did not answer within/)
  assert.equal(listenerCount(), 0)
})
