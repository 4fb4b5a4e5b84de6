import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newClusterId } from '../../../dev-services/kafka.ts'

test('a cluster id is never taken for an option of the format tool', () => {
  const ids = Array.from({ length: 5_000 }, newClusterId)
  assert.deepEqual(
    ids.filter((id) => !/^[\w][\w-]{21}$/.test(id)),
    [],
  )
})
