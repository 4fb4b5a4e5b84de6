import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PublishOutcome } from '../../../../../src/business/publication/publisher-port.ts'
import {
  createEntry,
  putInDoubt,
  resolveDefinite,
} from '../../../../../src/service/kafka/lane/entry.ts'
import { somePending } from '../../../../support/some-event.ts'

const acked = { kind: 'acked', position: { partition: 0, offset: 7 } } as const

test('a definite outcome goes to the caller', async () => {
  const outcome = await new Promise<PublishOutcome>((resolve) => {
    resolveDefinite(createEntry(somePending({}), 0, resolve), acked)
  })
  assert.deepEqual(outcome, acked)
})

test('after doubt the definite outcome goes to whoever took over', async () => {
  const { promise, resolve } = Promise.withResolvers<PublishOutcome>()
  const entry = createEntry(somePending({}), 0, resolve)
  putInDoubt(entry)
  putInDoubt(entry)
  const outcome = await promise
  assert.equal(outcome.kind, 'in-doubt')
  resolveDefinite(entry, acked)
  assert.deepEqual(outcome.kind === 'in-doubt' && (await outcome.resolution), acked)
})
