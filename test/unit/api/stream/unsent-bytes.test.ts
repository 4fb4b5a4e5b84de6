import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { UNSENT_BYTES_MAX, UnsentBytes } from '../../../../src/api/stream/unsent-bytes.ts'

const HALF = UNSENT_BYTES_MAX / 2

test('of readers that take too little those that were waited for longest are cut, and no more', async () => {
  const unsent = new UnsentBytes()
  const cut: string[] = []
  const [slow, quick, other, last] = ['slow', 'quick', 'other', 'last'].map((name) => ({
    cut: () => void cut.push(name),
  }))
  assert.ok(slow && quick && other && last)
  unsent.add(slow, HALF)
  unsent.add(quick, HALF)
  unsent.remove(quick)
  unsent.add(other, HALF)
  await setImmediate()
  assert.deepEqual(cut, [])
  unsent.add(quick, 1)
  unsent.add(last, 1)
  assert.deepEqual(cut, [])
  await setImmediate()
  assert.deepEqual(cut, ['slow'])
})

test('what is taken at the end of a turn costs nobody the connection', async () => {
  const unsent = new UnsentBytes()
  const readers = [1, 2, 3].map(() => ({ cut: () => assert.fail('it was cut') }))
  for (const reader of readers) unsent.add(reader, HALF)
  for (const reader of readers) unsent.remove(reader)
  await setImmediate()
})
