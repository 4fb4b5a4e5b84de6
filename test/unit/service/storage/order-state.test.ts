import assert from 'node:assert/strict'
import { test } from 'node:test'

import { toInstant, toMilliseconds } from '../../../../src/service/storage/order-state.ts'

test('an instant comes back to the millisecond, from the first to the last year that there is', () => {
  for (const instant of [
    '0000-01-01T00:00:00.000Z',
    '1969-12-31T23:59:59.999Z',
    '1970-01-01T00:00:00.000Z',
    '2026-02-03T04:05:06.789Z',
    '9999-12-31T23:59:59.999Z',
  ]) {
    assert.equal(toInstant(toMilliseconds(instant)), instant)
  }
})

test('an instant that would come back in another form is a mistake of ours', () => {
  for (const instant of ['2026-02-03T04:05:06Z', '2026-02-03T04:05:06.7891Z', '2026-02-31', '']) {
    assert.throws(() => toMilliseconds(instant))
  }
})
